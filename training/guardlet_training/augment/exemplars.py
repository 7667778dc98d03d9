"""The example instructions that the generator is shown, drawn anew for every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from guardlet.errors import DataError
from guardlet_training.rows import Row

LONGEST = 600
"""Characters of an exemplar: the generator is to write one sentence, not a page."""


@dataclass(frozen=True)
class Exemplars:
    """Distinct harmful instructions on one line each; `too_long` were left out."""

    texts: Sequence[str]
    too_long: int

    @classmethod
    def of(cls, rows: Sequence[Row], k: int) -> Exemplars:
        """Of the prompts of harmful rows, and of those without a label. Raises DataError when there
        are fewer than `k`."""
        wanted = [row for row in rows if not row.labelled or row.target]
        lines = dict.fromkeys(" ".join(row.prompt.split()) for row in wanted)
        texts = [line for line in lines if 0 < len(line) <= LONGEST]
        if len(texts) < max(k, 1):
            raise DataError(
                f"{max(k, 1)} exemplars a request need as many different harmful prompts of at "
                f"most {LONGEST} characters; there are {len(texts)}"
            )
        return cls(texts, sum(len(line) > LONGEST for line in lines))

    def sample(self, k: int, seed: int) -> list[str]:
        """`k` different ones in random order."""
        return Random(seed).sample(self.texts, k)
