"""How often the guard errs, as the user states it or as an evaluation measured it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardlet.errors import DataError

_FORM = "rates are two numbers from 0 to 1, written like recall=.85,fpr=.05"


@dataclass(frozen=True)
class Rates:
    """Share of harmful rows that are flagged, and of harmless ones. `harmful_rows` and
    `benign_rows`, where known, say on how many rows each was measured."""

    recall: float
    fpr: float
    harmful_rows: int | None = None
    benign_rows: int | None = None

    def __post_init__(self) -> None:
        """Raises DataError for a guard that is no better than chance: nothing can be corrected."""
        if not (0 <= self.fpr <= 1 and 0 <= self.recall <= 1):
            raise DataError(_FORM)
        if self.recall <= self.fpr:
            raise DataError(
                f"with recall {self.recall:.3f} and fpr {self.fpr:.3f} the guard flags harmless "
                "rows as often as harmful ones, so its flags say nothing about the data"
            )


def parse_rates(text: str) -> Rates:
    """From `recall=.85,fpr=.05`. Raises DataError."""
    try:
        pairs = dict(part.split("=") for part in text.replace(" ", "").split(","))
        recall, fpr = float(pairs.pop("recall")), float(pairs.pop("fpr"))
    except (ValueError, KeyError):
        raise DataError(_FORM) from None
    if pairs:
        raise DataError(_FORM)
    return Rates(recall, fpr)


def rates_of_evaluation(path: Path, bundle: str, operating_point: str) -> Rates:
    """From a report that `guardlet evaluate --json` wrote, over all of its sets.

    Raises DataError when it is none, when another bundle or operating point was measured, or when
    it has no harmful or no harmless rows.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        measured = report["bundle"], report["operating_point"]
        found = _pooled(report["datasets"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"cannot read {path} as a report of `guardlet evaluate --json`: {type(error).__name__}"
        ) from None
    if measured != (bundle, operating_point):
        raise DataError(
            f"{path} measured {' at '.join(map(str, measured))}, and this scan uses {bundle} at "
            f"{operating_point}; evaluate that one"
        )
    if found is None:
        raise DataError(f"{path} lacks harmful or harmless rows, so it gives no recall or no fpr")
    return found


def _pooled(sets: Any) -> Rates | None:
    harmful = benign = 0
    caught = flagged = 0.0
    for figures in sets:
        rows = figures["rows"] - figures["harmful"]
        if figures["harmful"]:
            harmful += figures["harmful"]
            caught += figures["recall"] * figures["harmful"]
        if rows:
            benign += rows
            flagged += figures["fpr"] * rows
    if not harmful or not benign:
        return None
    return Rates(caught / harmful, flagged / benign, harmful, benign)
