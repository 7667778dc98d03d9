"""How often a guard is right, from labels and flags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rates:
    """Each from 0 to 1; None where undefined: `recall` needs harmful rows, `fpr` benign ones, `f1`
    and `precision` both."""

    f1: float | None
    precision: float | None
    recall: float | None
    fpr: float | None


def compute_rates(harmful: NDArray[np.bool_], flagged: NDArray[np.bool_]) -> Rates:
    """Of bool [rows] each: what is harmful, and what the guard calls harmful."""
    positives, hits = int(harmful.sum()), int((flagged & harmful).sum())
    false = int((flagged & ~harmful).sum())
    both = 0 < positives < len(harmful)
    return Rates(
        f1=2 * hits / (positives + hits + false) if both else None,
        precision=(hits / (hits + false) if hits + false else 0.0) if both else None,
        recall=hits / positives if positives else None,
        fpr=false / (len(harmful) - positives) if positives < len(harmful) else None,
    )
