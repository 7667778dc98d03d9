"""Curves: each point is the metric at its threshold; calibration errors by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardlet.encoder import Judged
from guardlet.scoring import ScoreRules
from guardlet_training.curves import (
    Bin,
    compute_curves,
    expected_calibration_error,
    reliability,
    without_calibration,
)
from guardlet_training.metrics import compute_metrics

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 300)), min_size=2, max_size=400)


def error(labels: list[int], scores: list[float], bins: int = 15) -> float:
    found = reliability(np.array(labels, dtype=bool), np.array(scores), bins)
    return expected_calibration_error(found)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_each_point_is_the_metric_at_its_threshold(rows: list[tuple[int, int]]) -> None:
    labels, scores = [y for y, _ in rows], [s / 300 for _, s in rows]
    curve = compute_curves(labels, scores).curve
    if not 0 < sum(labels) < len(labels):
        assert curve is None
        return
    assert curve is not None and len(curve) <= 100
    thresholds = [point.threshold for point in curve]
    assert thresholds == sorted(set(thresholds))
    assert (thresholds[0], thresholds[-1]) == (min(scores), max(scores))
    for point in curve:
        metrics = compute_metrics(labels, scores, point.threshold)
        assert (point.precision, point.recall) == (metrics.precision, metrics.recall)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_bins_hold_every_row_once(rows: list[tuple[int, int]]) -> None:
    labels, scores = [y for y, _ in rows], [s / 300 for _, s in rows]
    bins = compute_curves(labels, scores).reliability
    assert sum(b.count for b in bins) == len(rows)
    assert sum(b.count * b.harmful for b in bins) == pytest.approx(sum(labels))
    assert sum(b.count * b.mean_score for b in bins) == pytest.approx(sum(scores))


def test_bins_by_hand() -> None:
    found = reliability(np.array([True, False, True]), np.array([1.0, 0.9, 0.1]), bins=2)
    assert found == (Bin(1, 0.1, 1.0), Bin(2, 0.95, 0.5))


def test_calibration_error_by_hand() -> None:
    # Upper half: half right at 0.9 sure; lower half: all harmful at 0.1 sure.
    assert error([1, 0, 1, 1], [0.9, 0.9, 0.1, 0.1], bins=2) == pytest.approx(
        0.5 * abs(0.5 - 0.9) + 0.5 * abs(1.0 - 0.1)
    )


def test_calibration_error_at_the_ends() -> None:
    assert error([0, 1], [0.0, 1.0]) == 0
    assert error([1, 0], [0.0, 1.0]) == 1


@pytest.mark.parametrize("bins", [1, 5, 15])
def test_a_calibrated_guard_has_next_to_no_calibration_error(bins: int) -> None:
    pairs = [
        (int(i < share), share / 20) for share, i in itertools.product(range(1, 20), range(20))
    ]
    labels, scores = ([pair[i] for pair in pairs] for i in (0, 1))
    assert error(labels, scores, bins) < 1e-9


@pytest.mark.parametrize("bias", [0.0, -1.5, 3.0])
@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.7, 8.0])
def test_a_calibration_can_be_undone(temperature: float, bias: float) -> None:
    logits = np.random.default_rng(1).normal(0, 2, (50, 2)).astype(np.float32)
    responses = [i % 3 == 0 for i in range(50)]

    def scores(rules: ScoreRules) -> list[float]:
        kinds: list[Judged] = ["response" if response else "prompt" for response in responses]
        return [rules.score(row, judged) for row, judged in zip(logits, kinds, strict=True)]

    rules = ScoreRules(temperature, 1, {}, bias)
    undone = without_calibration(scores(rules), responses, rules)
    np.testing.assert_allclose(undone, scores(ScoreRules(1.0, 1, {})), atol=1e-9)


def test_certain_scores_stay_certain() -> None:
    rules = ScoreRules(3.0, 1, {}, 0.5)
    assert without_calibration([0.0, 1.0], [True, True], rules) == [0.0, 1.0]


def test_the_uncalibrated_error_is_of_the_uncalibrated_scores() -> None:
    assert compute_curves([0, 1], [0.2, 0.7]).ece_uncalibrated is None
    raw = compute_curves([0, 1], [0.2, 0.7], [0.1, 0.9])
    assert raw.ece == compute_curves([0, 1], [0.2, 0.7]).ece
    assert raw.ece_uncalibrated == compute_curves([0, 1], [0.1, 0.9]).ece
