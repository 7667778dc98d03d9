"""Figures of one data set. Undefined ones are None: a set with one class has no F1 or AUPRC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from guardlet_export.rates import compute_rates


@dataclass(frozen=True)
class Metrics:
    """`recall` needs harmful rows, `fpr` benign ones, the others both. `auprc` is average
    precision (the paper, appendix C)."""

    rows: int
    harmful: int
    f1: float | None = None
    precision: float | None = None
    recall: float | None = None
    fpr: float | None = None
    auprc: float | None = None
    auroc: float | None = None


def compute_metrics(labels: Sequence[int], scores: Sequence[float], threshold: float) -> Metrics:
    """`labels` are 0 or 1, `scores` P(harmful); a row is flagged when score >= threshold."""
    y = np.asarray(labels, dtype=bool)
    s = np.asarray(scores, dtype=np.float64)
    harmful = int(y.sum())
    both = 0 < harmful < len(y)
    rates = compute_rates(y, s >= threshold)
    return Metrics(
        rows=len(y),
        harmful=harmful,
        f1=rates.f1,
        precision=rates.precision,
        recall=rates.recall,
        fpr=rates.fpr,
        auprc=float(average_precision_score(y, s)) if both else None,
        auroc=float(roc_auc_score(y, s)) if both else None,
    )


def mean_metrics(sets: Mapping[str, Metrics]) -> dict[str, float]:
    """The plain mean of each figure over the sets that define it."""
    collected: dict[str, list[float]] = {}
    for metrics in sets.values():
        for name, value in asdict(metrics).items():
            if value is not None and name not in ("rows", "harmful"):
                collected.setdefault(name, []).append(value)
    return {name: float(np.mean(values)) for name, values in collected.items()}
