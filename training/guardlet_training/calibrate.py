"""Temperature and operating points, fitted on labelled development sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardlet.errors import DataError
from guardlet.scoring import OperatingPoint, ScoreRules

_TEMPERATURES = np.geomspace(0.25, 8.0, 141)
_CONTROVERSIAL_SHARE = 0.6


@dataclass(frozen=True)
class Targets:
    """`lenient` keeps the mean false-positive rate at most `lenient_fpr`; `strict` keeps the mean
    recall at least `strict_recall`. `balanced` has the best F1 of a stream in which `harmful_share`
    of the texts are harmful. Sets in `exclude` do not take part."""

    lenient_fpr: float = 0.05
    strict_recall: float = 0.85
    harmful_share: float = 0.25
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScoredSet:
    """Labels (0 or 1) of a set's rows and each row's window logits, float [windows, 2]."""

    labels: NDArray[np.int64]
    logits: tuple[NDArray[np.float32], ...]


def fit_score_rules(sets: Mapping[str, ScoredSet], targets: Targets) -> ScoreRules:
    """Score rules fitted so that every set weighs the same, whatever its size.

    The temperature minimises mean negative log-likelihood (arXiv 1706.04599). `balanced` is the
    threshold with the best F1 of mean recall against mean false-positive rate, with `harmful_share`
    of the texts harmful; `strict` is never above it and `lenient` never below. Raises DataError
    when no set has harmful rows, none has benign rows, or an excluded set does not exist.
    """
    unknown = sorted(set(targets.exclude) - set(sets))
    if unknown:
        raise DataError(
            f"no set called {', '.join(unknown)} to exclude; there are {', '.join(sets)}"
        )
    used = {name: item for name, item in sets.items() if name not in targets.exclude}
    if not any(s.labels.any() for s in used.values()) or all(s.labels.all() for s in used.values()):
        raise DataError("calibration needs sets with harmful rows and sets with benign rows")
    best_temperature = min(_TEMPERATURES, key=lambda t: _likelihood(used, float(t)))
    temperature = round(float(best_temperature), 4)
    scores = {name: _scores(item, temperature) for name, item in used.items()}
    # Thresholds of four decimals, one just below each score, or they would miss its own row; 0
    # flags every row and 1 next to none, so that a rule is met wherever it can be.
    grid = np.unique(np.floor(np.concatenate([*scores.values(), [0.0, 1.0]]) * 1e4) / 1e4)
    recall = np.array([_mean_rate(used, scores, 1, t) for t in grid])
    fpr = np.array([_mean_rate(used, scores, 0, t) for t in grid])
    share = targets.harmful_share
    flagged = share * recall + (1 - share) * fpr
    best = int(np.argmax(2 * share * recall / (share + flagged)))
    few = np.flatnonzero(fpr <= targets.lenient_fpr)
    lenient = max(int(few[0]), best) if len(few) else len(grid) - 1
    strict = min(int(np.flatnonzero(recall >= targets.strict_recall)[-1]), best)
    names = tuple(used)
    points = {
        name: _point(float(grid[index]), recall[index], fpr[index], rule, names)
        for name, index, rule in (
            ("strict", strict, f"recall at least {targets.strict_recall:g}"),
            ("balanced", best, f"best F1 where {share:.0%} of texts are harmful"),
            ("lenient", lenient, f"false-positive rate at most {targets.lenient_fpr:g}"),
        )
    }
    return ScoreRules(temperature, 1, points)


def _point(
    threshold: float, recall: float, fpr: float, rule: str, names: tuple[str, ...]
) -> OperatingPoint:
    return OperatingPoint(
        threshold=round(threshold, 4),
        controversial=round(threshold * _CONTROVERSIAL_SHARE, 4),
        rule=f"{rule} (mean over sets: recall {recall:.3f}, false-positive rate {fpr:.3f})",
        fitted_on=names,
    )


def _scores(item: ScoredSet, temperature: float) -> NDArray[np.float64]:
    rules = ScoreRules(temperature, 1, {})
    return np.array([max(rules.score(w) for w in windows) for windows in item.logits])


def _likelihood(sets: Mapping[str, ScoredSet], temperature: float) -> float:
    losses = []
    for item in sets.values():
        p = np.clip(_scores(item, temperature), 1e-7, 1 - 1e-7)
        losses.append(-np.where(item.labels == 1, np.log(p), np.log(1 - p)).mean())
    return float(np.mean(losses))


def _mean_rate(
    sets: Mapping[str, ScoredSet],
    scores: Mapping[str, NDArray[np.float64]],
    label: int,
    threshold: float,
) -> float:
    """Mean over sets of the share of rows with `label` that are flagged."""
    rates = [
        float((scores[name][item.labels == label] >= threshold).mean())
        for name, item in sets.items()
        if (item.labels == label).any()
    ]
    return float(np.mean(rates))


def as_scored_set(
    labels: Sequence[int], logits: Sequence[Sequence[NDArray[np.float32]]]
) -> ScoredSet:
    """Packs per-row lists of window logits."""
    return ScoredSet(np.asarray(labels), tuple(np.stack(list(windows)) for windows in logits))
