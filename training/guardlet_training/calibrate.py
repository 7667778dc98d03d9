"""Temperature, the bias of responses and operating points, fitted on labelled development sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from guardlet.encoder import Judged
from guardlet.errors import DataError
from guardlet.scoring import OperatingPoint, ScoreRules

_TEMPERATURES = np.geomspace(0.25, 8.0, 141)
# The smallest first, which a tie prefers.
_BIASES = tuple(sorted(np.linspace(-4.0, 4.0, 65).tolist(), key=abs))
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
    """Labels (0 or 1) of a set's rows, each row's window logits, float [windows, 2], and whether
    they are a response's."""

    labels: NDArray[np.int64]
    logits: tuple[NDArray[np.float32], ...]
    responses: NDArray[np.bool_]

    def scores(self, rules: ScoreRules) -> NDArray[np.float64]:
        """P(harmful) of each row."""
        kinds: list[Judged] = ["response" if response else "prompt" for response in self.responses]
        pairs = zip(self.logits, kinds, strict=True)
        return np.array([rules.worst(windows, judged)[0] for windows, judged in pairs])

    def margins(self) -> NDArray[np.float64]:
        """Of each row's worst window, the harmful logit minus the safe one."""
        return np.array([float((w[:, 1] - w[:, 0]).max()) for w in self.logits])


def fit_score_rules(sets: Mapping[str, ScoredSet], targets: Targets) -> ScoreRules:
    """Score rules fitted so that every set weighs the same, whatever its size.

    Temperature and bias of responses minimise mean negative log-likelihood (arXiv 1706.04599, whose
    Platt scaling they are with one slope for both kinds of text). `balanced` is the threshold with
    the best F1 of mean recall against mean false-positive rate, with `harmful_share` of the texts
    harmful; `strict` is never above it and `lenient` never below. Raises DataError when no set has
    harmful rows, none has benign rows, or an excluded set does not exist.
    """
    unknown = sorted(set(targets.exclude) - set(sets))
    if unknown:
        raise DataError(
            f"no set called {', '.join(unknown)} to exclude; there are {', '.join(sets)}"
        )
    used = {name: item for name, item in sets.items() if name not in targets.exclude}
    if not any(s.labels.any() for s in used.values()) or all(s.labels.all() for s in used.values()):
        raise DataError("calibration needs sets with harmful rows and sets with benign rows")
    temperature, bias = _fit_scale(used)
    rules = ScoreRules(temperature, 1, {}, bias)
    scores = {name: item.scores(rules) for name, item in used.items()}
    # Thresholds of four decimals, one just below each score, or they would miss its own row; 0
    # flags every row and 1 next to none, so that a rule is met wherever it can be.
    grid = np.unique(np.floor(np.concatenate([*scores.values(), [0.0, 1.0]]) * 1e4) / 1e4)
    recall, fpr = (_mean_rates(used, scores, label, grid) for label in (1, 0))
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
    return replace(rules, operating_points=points)


def _point(
    threshold: float, recall: float, fpr: float, rule: str, names: tuple[str, ...]
) -> OperatingPoint:
    return OperatingPoint(
        threshold=round(threshold, 4),
        controversial=round(threshold * _CONTROVERSIAL_SHARE, 4),
        rule=f"{rule} (mean over sets: recall {recall:.3f}, false-positive rate {fpr:.3f})",
        fitted_on=names,
    )


def _fit_scale(sets: Mapping[str, ScoredSet]) -> tuple[float, float]:
    """Temperature and bias of responses; no bias where there are prompts or responses alone."""
    kinds = {bool(response) for item in sets.values() for response in item.responses}
    biases = _BIASES if len(kinds) == 2 else (0.0,)
    plain = [(item, item.margins()) for item in sets.values()]
    found = []
    for bias in biases:
        # -log P(label) is log(1 + exp(-m)) of the margin m towards the label.
        towards = [(2 * item.labels - 1) * (m + bias * item.responses) for item, m in plain]
        for temperature in _TEMPERATURES:
            loss = np.mean([np.logaddexp(0, -m / temperature).mean() for m in towards])
            found.append((float(loss), float(temperature), bias))
    _, temperature, bias = min(found, key=itemgetter(0))
    return round(temperature, 4), bias


def _mean_rates(
    sets: Mapping[str, ScoredSet],
    values: Mapping[str, NDArray[np.float64]],
    label: int,
    thresholds: NDArray[np.float64],
) -> NDArray[np.float64]:
    """At each threshold, the mean over sets of the share of rows with `label` that reach it."""
    chosen = (np.sort(values[name][item.labels == label]) for name, item in sets.items())
    shares = [
        (len(rows) - np.searchsorted(rows, thresholds)) / len(rows) for rows in chosen if len(rows)
    ]
    return np.asarray(np.mean(shares, axis=0))


def as_scored_set(
    labels: Sequence[int],
    logits: Sequence[Sequence[NDArray[np.float32]]],
    responses: Sequence[bool],
) -> ScoredSet:
    """Packs per-row lists of window logits."""
    stacked = tuple(np.stack(list(windows)) for windows in logits)
    return ScoredSet(np.asarray(labels), stacked, np.asarray(responses, dtype=bool))
