"""Which generated instructions are worth keeping: new ones that no evaluation set holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet_training.augment.near import NearIndex, words
from guardlet_training.overlap import overlapping
from guardlet_training.rows import Row, load_rows

THRESHOLD = 0.7
REASONS = ("wordless", "repeated", "in_evaluation", "near_exemplar", "near_duplicate")
"""Why a row is dropped, the first that holds: it has no letter or digit; an earlier row has its
words; it is nearly an evaluation prompt, an exemplar, or a row that was kept."""


@dataclass(frozen=True)
class FilterReport:
    """`dropped` counts rows by reason. `threshold`: least Jaccard similarity of words and word
    pairs that counts as nearly the same. `evaluation_prompts`: how many different ones there are.
    """

    rows: int
    kept: int
    dropped: Mapping[str, int]
    evaluation_prompts: int
    threshold: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def filter_instructions(
    rows: Iterable[Row],
    evaluation: Sequence[str | Path] = (),
    *,
    exemplars: Iterable[Row] = (),
    threshold: float = THRESHOLD,
) -> tuple[list[Row], FilterReport]:
    """The rows whose prompts are new, in their order, and a report of what was dropped.

    `evaluation` are sources as `load_rows` takes them. A prompt overlaps an evaluation set when it
    is near to one of its prompts in the sense of `NearIndex`, or in that of `overlapping`, by which
    training mixes are decontaminated too. Of near-duplicates the first is kept. Raises DataError
    for a threshold that is not between 0 and 1, and as `load_rows`.
    """
    if not 0 < threshold < 1:
        raise DataError(f"the threshold must be between 0 and 1, not {threshold}")
    held = list(dict.fromkeys(row.prompt for path in evaluation for row in load_rows(str(path))))
    given = list(rows)
    dropped = dict.fromkeys(REASONS, 0)
    unique = list(_unique(given, dropped))
    leaked = overlapping([row.prompt for row in unique], held)
    index = NearIndex(threshold)
    for text in held:
        index.add(text, "in_evaluation")
    for row in exemplars:
        index.add(row.prompt, "near_exemplar")
    kept = []
    for number, row in enumerate(unique):
        found = {"in_evaluation"} if number in leaked else index.find(row.prompt)
        if found:
            dropped[next(reason for reason in REASONS if reason in found)] += 1
        else:
            index.add(row.prompt, "near_duplicate")
            kept.append(row)
    return kept, FilterReport(len(given), len(kept), dropped, len(held), threshold)


def _unique(rows: Iterable[Row], dropped: dict[str, int]) -> Iterator[Row]:
    """Rows with words that no earlier row has; the others are counted."""
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        key = tuple(words(row.prompt))
        if not key:
            dropped["wordless"] += 1
        elif key in seen:
            dropped["repeated"] += 1
        else:
            seen.add(key)
            yield row
