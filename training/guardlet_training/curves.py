"""What a set's scores look like beyond one threshold: precision, recall and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardlet.scoring import ScoreRules

BINS = 15
_THRESHOLDS = 100


@dataclass(frozen=True)
class CurvePoint:
    """Precision and recall when every score of at least `threshold` is flagged."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Bin:
    """`count` rows whose scores lie in one of the equal parts of 0..1; `mean_score` and
    `harmful`, the share of harmful rows, are of these rows."""

    count: int
    mean_score: float
    harmful: float


@dataclass(frozen=True)
class Curves:
    """`curve`, from the lowest threshold to the highest, is None of a set with one class.
    `reliability` has only bins that hold rows. `ece_uncalibrated` is what the expected calibration
    error `ece` is of uncalibrated scores; None where these cannot be told."""

    curve: tuple[CurvePoint, ...] | None
    reliability: tuple[Bin, ...]
    ece: float
    ece_uncalibrated: float | None = None


def compute_curves(
    labels: Sequence[int], scores: Sequence[float], uncalibrated: Sequence[float] | None = None
) -> Curves:
    """`labels` are 0 or 1, `scores` P(harmful), as is `uncalibrated`, for `ece_uncalibrated`."""
    y = np.asarray(labels, dtype=bool)
    s = np.asarray(scores, dtype=np.float64)
    raw = None if uncalibrated is None else reliability(y, np.asarray(uncalibrated))
    bins = reliability(y, s)
    return Curves(
        curve=_precision_recall(y, s) if 0 < y.sum() < len(y) else None,
        reliability=bins,
        ece=expected_calibration_error(bins),
        ece_uncalibrated=None if raw is None else expected_calibration_error(raw),
    )


def reliability(
    labels: NDArray[np.bool_], scores: NDArray[np.float64], bins: int = BINS
) -> tuple[Bin, ...]:
    """The reliability diagram's bins, equally wide, those without rows left out."""
    index = np.minimum((scores * bins).astype(int), bins - 1)
    chosen = (index == b for b in np.unique(index))
    return tuple(
        Bin(int(rows.sum()), float(scores[rows].mean()), float(labels[rows].mean()))
        for rows in chosen
    )


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Mean gap of share and score, every row weighing the same: Guo et al. 2017 (arXiv
    1706.04599), Eq. 3, with P(harmful) for their confidence and the share of harmful rows for
    their accuracy, so that the bins span 0..1."""
    rows = sum(b.count for b in bins)
    return sum(b.count * abs(b.harmful - b.mean_score) for b in bins) / rows


def without_calibration(
    scores: Sequence[float], responses: Sequence[bool], rules: ScoreRules
) -> list[float]:
    """Scores at temperature 1 and without a response's bias of scores made with `rules`, where
    `responses` tells those of responses.

    With two classes, softmax(z / T) raised to T and normalised is softmax(z), and a bias on one
    logit multiplies its share by exp(bias). A score that float64 rounded to 1 stays 1.
    """
    s = np.asarray(scores, dtype=np.float64)
    bias = rules.response_bias * np.asarray(responses, dtype=np.float64)
    harmful, benign = s**rules.temperature * np.exp(-bias), (1 - s) ** rules.temperature
    plain: list[float] = (harmful / (harmful + benign)).tolist()
    return plain


def _precision_recall(
    labels: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[CurvePoint, ...]:
    """At most 100 of the scores as thresholds, the lowest and the highest among them, the others
    spread evenly over the rows."""
    order = np.sort(scores)
    ranks = np.linspace(0, len(order) - 1, _THRESHOLDS).round().astype(int)
    points = []
    for threshold in np.unique(order[ranks]):
        flagged = scores >= threshold
        found = int((labels & flagged).sum())
        precision, recall = found / int(flagged.sum()), found / int(labels.sum())
        points.append(CurvePoint(float(threshold), precision, recall))
    return tuple(points)
