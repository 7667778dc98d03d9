"""Which new cases are held out, so that the gain is measured on cases not trained on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from sklearn.model_selection import StratifiedGroupKFold

from guardlet.errors import DataError
from guardlet_training.rows import Row

Split = tuple[list[int], list[int]]


def folds(rows: Sequence[Row], count: int, seed: int) -> list[Split]:
    """`count` splits of row indices, (trained, held out), labels spread evenly.

    Rows of one prompt are held out together. Raises DataError when there are fewer prompts than
    folds.
    """
    prompts = {
        prompt: number for number, prompt in enumerate(dict.fromkeys(r.prompt for r in rows))
    }
    if len(prompts) < count:
        raise DataError(
            f"{len(prompts)} different prompts among the new cases are too few for {count} folds; "
            f"give more cases or fewer folds"
        )
    labels = [row.target for row in rows]
    groups = [prompts[row.prompt] for row in rows]
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a class with fewer rows than folds
        try:
            pairs = [(a.tolist(), b.tolist()) for a, b in splitter.split(rows, labels, groups)]
        except ValueError:
            raise DataError(f"the new cases are too few for {count} folds") from None
    return [(trained, held) for trained, held in pairs if trained and held]


def holdout(rows: Sequence[Row], share: float, seed: int) -> Split:
    """One split with about `share` of the rows held out. Raises DataError."""
    if not 0 < share <= 0.5:
        raise DataError("the share of new cases to hold out must be above 0 and at most 0.5")
    return folds(rows, round(1 / share), seed)[0]
