"""A guard before and after, set by set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from guardlet.errors import GuardletError
from guardlet.scoring import OperatingPoint
from guardlet_training.metrics import Metrics, compute_metrics

_ROUNDING = 1e-9


class RegressionError(GuardletError):
    """The adapted guard is worse on some set than it may be; nothing was written."""


@dataclass(frozen=True)
class Change:
    """Metrics of one set, by operating point."""

    before: Mapping[str, Metrics]
    after: Mapping[str, Metrics]


def change(
    labels: Sequence[int],
    before: Sequence[float],
    after: Sequence[float],
    points: Mapping[str, OperatingPoint],
) -> Change:
    """From labels (0 or 1) and P(harmful) of the same rows by both guards."""

    def metrics(scores: Sequence[float]) -> dict[str, Metrics]:
        return {name: compute_metrics(labels, scores, p.threshold) for name, p in points.items()}

    return Change(metrics(before), metrics(after))


def distinct_points(points: Mapping[str, OperatingPoint]) -> dict[str, OperatingPoint]:
    """One name a threshold, `balanced` before the others: uncalibrated guards have three alike."""
    names: dict[float, str] = {}
    for name, point in sorted(points.items(), key=lambda item: item[0] != "balanced"):
        names.setdefault(point.threshold, name)
    return {name: points[name] for name in names.values()}


def objection(changes: Mapping[str, Change], max_drop: float) -> str | None:
    """Why the adapted guard is too bad, naming the set and the figure; None when it is not.

    A set of both classes may lose at most `max_drop` of F1, at any operating point, and of AUPRC; a
    set of one class at most that of recall, or gain that much of the false-positive rate.
    """
    losses = [
        (loss, f"on {name} {figure} went from {old:.3f} to {new:.3f} (limit {max_drop:g})")
        for name, item in changes.items()
        for figure, old, new, loss in _losses(item)
    ]
    worst = max(losses, default=None)
    return worst[1] if worst and worst[0] > max_drop + _ROUNDING else None


def _losses(item: Change) -> Iterator[tuple[str, float, float, float]]:
    """Figure, before, after and how much worse it became."""
    for point, old in item.before.items():
        new = item.after[point]
        figures = [("F1", old.f1, new.f1, 1), ("AUPRC", old.auprc, new.auprc, 1)]
        if old.f1 is None:
            figures = [("recall", old.recall, new.recall, 1), ("the FPR", old.fpr, new.fpr, -1)]
        for name, a, b, sign in figures:
            if a is not None and b is not None:
                yield f"{name} at {point}", a, b, sign * (a - b)
