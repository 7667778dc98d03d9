"""Logits to score, score to level, windows to one score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime_helpers import POINTS

from guardlet.encoder import Judged
from guardlet.scoring import OperatingPoint, ScoreRules, parse_operating_points

SEVERITY = {"safe": 0, "controversial": 1, "harmful": 2}
LOGIT = st.floats(-1e4, 1e4, width=32)
SCORE = st.floats(0, 1)
JUDGED: tuple[Judged, ...] = ("prompt", "response")


def score(logits: list[float], temperature: float = 1.0, index: int = 1) -> float:
    rules = ScoreRules(temperature, index, POINTS)
    return rules.score(np.array(logits, dtype=np.float32), "prompt")


@given(LOGIT, LOGIT, st.floats(0.05, 20))
def test_scores_are_probabilities_that_sum_to_one(a: float, b: float, temperature: float) -> None:
    harmful, safe = score([a, b], temperature), score([a, b], temperature, index=0)
    assert 0 <= harmful <= 1
    assert harmful + safe == pytest.approx(1)
    assert (harmful >= 0.5) == (b >= a) or harmful == pytest.approx(0.5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_score_is_softmax_of_logits_over_temperature(temperature: float) -> None:
    expected = 1 / (1 + math.exp((0.5 - 2.0) / temperature))
    assert score([0.5, 2.0], temperature) == pytest.approx(expected, rel=1e-12)


def test_score_is_computed_in_float64() -> None:
    assert score([40.0, 0.0]) == pytest.approx(math.exp(-40), rel=1e-9)


def test_score_reads_the_harmful_index_of_many_labels() -> None:
    assert score([0.0, 0.0, 9.0], index=2) > 0.99 > score([0.0, 0.0, 9.0], index=0)


@given(st.lists(st.tuples(LOGIT, LOGIT), min_size=1), st.floats(-4, 4))
def test_the_first_worst_window_counts(logits: list[tuple[float, float]], bias: float) -> None:
    rules = ScoreRules(1.5, 1, POINTS, bias)
    windows = [np.array(window, dtype=np.float32) for window in logits]
    for judged in JUDGED:
        scores = [rules.score(window, judged) for window in windows]
        value, index = rules.worst(iter(windows), judged)
        assert value == max(scores)
        assert index == scores.index(value)


@given(LOGIT, LOGIT, st.floats(-100, 100), st.sampled_from([0, 1]))
def test_the_bias_raises_the_harmful_logit_of_responses_only(
    a: float, b: float, bias: float, index: int
) -> None:
    logits = np.array([a, b], dtype=np.float32)
    rules, plain = ScoreRules(1.5, index, POINTS, bias), ScoreRules(1.5, index, POINTS)
    raised = logits.astype(np.float64)
    raised[index] += bias
    assert rules.score(logits, "prompt") == plain.score(logits, "prompt")
    assert rules.score(logits, "response") == plain.score(raised, "response")  # type: ignore[arg-type]
    assert logits.tolist() == np.array([a, b], dtype=np.float32).tolist()


@pytest.mark.parametrize(
    ("value", "level"),
    [(0.0, "safe"), (0.4, "controversial"), (0.49, "controversial"), (0.5, "harmful")],
)
def test_a_threshold_itself_belongs_to_the_worse_level(value: float, level: str) -> None:
    assert POINTS["balanced"].level(value) == level


@given(SCORE, SCORE)
def test_levels_grow_with_the_score(one: float, two: float) -> None:
    low, high = sorted((one, two))
    for point in POINTS.values():
        assert SEVERITY[point.level(low)] <= SEVERITY[point.level(high)]


def test_operating_points_come_from_decoded_json() -> None:
    tree = {"threshold": 0.5, "controversial": 0.4, "rule": "r", "fitted_on": ["a", "b"]}
    assert parse_operating_points({"mine": tree}) == {
        "mine": OperatingPoint(0.5, 0.4, "r", ("a", "b"))
    }
