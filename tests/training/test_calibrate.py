"""Calibration: known temperatures, stated rules, equal weight of sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardlet.errors import DataError
from guardlet.scoring import ScoreRules
from guardlet_training.calibrate import (
    ScoredSet,
    Targets,
    as_scored_set,
    fit_score_rules,
)

Rates = tuple[float, float]


def scored(labels: list[int], margins: list[float], responses: bool = False) -> ScoredSet:
    """Rows of one window whose logits are (0, margin), prompts or else responses."""
    logits = [[np.array([0, m], dtype=np.float32)] for m in margins]
    return as_scored_set(labels, logits, [responses] * len(labels))


def random_set(seed: int, rows: int = 40, harmful: float = 0.4) -> ScoredSet:
    generator = np.random.default_rng(seed)
    labels = (generator.random(rows) < harmful).astype(int).tolist()
    return scored(labels, [float(generator.normal(2 * y - 1, 1.5)) for y in labels])


def mean_rates(sets: dict[str, ScoredSet], rules: ScoreRules, threshold: float) -> Rates:
    """Recall and false-positive rate, each a mean over the sets that define it."""
    recalls, fprs = [], []
    for item in sets.values():
        flagged = item.scores(rules) >= threshold
        for label, rates in ((1, recalls), (0, fprs)):
            if (item.labels == label).any():
                rates.append(float(flagged[item.labels == label].mean()))
    return float(np.mean(recalls)), float(np.mean(fprs))


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5, 6.0])
def test_a_known_temperature_is_recovered(true: float) -> None:
    # 25 rows at each margin, harmful as often as the true temperature says.
    labels, margins = [], []
    for margin in np.linspace(-4 * true, 4 * true, 33):
        harmful = round(25 / (1 + np.exp(-margin / true)))
        labels += [1] * harmful + [0] * (25 - harmful)
        margins += [float(margin)] * 25
    rules = fit_score_rules({"set": scored(labels, margins)}, Targets())
    assert rules.temperature == pytest.approx(true, rel=0.05)


@settings(max_examples=10, deadline=None)
@given(
    seeds=st.lists(st.integers(0, 999), min_size=1, max_size=3, unique=True),
    lenient_fpr=st.sampled_from([0.0, 0.02, 0.1, 0.5]),
    strict_recall=st.sampled_from([0.5, 0.9, 1.0]),
)
def test_operating_points_keep_their_rules_and_order(
    seeds: list[int], lenient_fpr: float, strict_recall: float
) -> None:
    sets = {f"set-{seed}": random_set(seed) for seed in seeds}
    rules = fit_score_rules(sets, Targets(lenient_fpr, strict_recall))
    points = rules.operating_points
    rates = {name: mean_rates(sets, rules, point.threshold) for name, point in points.items()}
    assert rates["strict"][0] >= strict_recall
    assert rates["lenient"][1] <= lenient_fpr
    assert points["strict"].threshold <= points["balanced"].threshold <= points["lenient"].threshold
    for name, point in points.items():
        assert 0 <= point.controversial <= point.threshold <= 1
        assert point.fitted_on == tuple(sets)
        recall, fpr = rates[name]
        assert f"recall {recall:.3f}, false-positive rate {fpr:.3f}" in point.rule


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_balanced_has_the_best_f1_of_the_share(seed: int, share: float) -> None:
    sets = {"one": random_set(seed), "two": random_set(seed + 100, rows=20)}
    rules = fit_score_rules(sets, Targets(harmful_share=share))

    def f1(threshold: float) -> float:
        recall, fpr = mean_rates(sets, rules, threshold)
        return 2 * share * recall / (share + share * recall + (1 - share) * fpr)

    balanced = f1(rules.operating_points["balanced"].threshold)
    assert balanced >= max(f1(step / 200) for step in range(201))


def test_a_perfect_guard_keeps_the_order() -> None:
    sets = {"set": scored([0] * 30 + [1] * 30, [*np.linspace(-6, -2, 30), *np.linspace(2, 6, 30)])}
    points = fit_score_rules(sets, Targets()).operating_points
    thresholds = [points[name].threshold for name in ("strict", "balanced", "lenient")]
    assert thresholds == sorted(thresholds)


def test_lenient_flags_nothing_rather_than_break_its_rule() -> None:
    sets = {"set": scored([0, 0, 0, 1, 1], [9.0, -1.0, -1.0, 0.5, 0.0])}
    rules = fit_score_rules(sets, Targets(lenient_fpr=0.0))
    assert mean_rates(sets, rules, rules.operating_points["lenient"].threshold) == (0.0, 0.0)


def test_every_set_weighs_the_same_whatever_its_size() -> None:
    small, other = random_set(1, rows=20), random_set(2, rows=30)
    large = ScoredSet(np.tile(small.labels, 8), small.logits * 8, np.tile(small.responses, 8))
    ours, theirs = (fit_score_rules({"a": a, "b": other}, Targets()) for a in (small, large))
    assert ours == theirs


def test_a_set_of_benign_rows_only_counts_as_false_positives() -> None:
    mixed, benign = random_set(3), scored([0] * 5, [3.0, 3.5, 4.0, 4.5, 5.0])
    sets = {"mixed": mixed, "benign": benign}
    alone = fit_score_rules({"mixed": mixed}, Targets(lenient_fpr=0.1))
    both = fit_score_rules(sets, Targets(lenient_fpr=0.1))
    assert mean_rates(sets, both, both.operating_points["lenient"].threshold)[1] <= 0.1
    assert both.operating_points["lenient"] != alone.operating_points["lenient"]


def test_excluded_sets_take_no_part() -> None:
    sets = {"one": random_set(4), "two": random_set(5)}
    rules = fit_score_rules(sets | {"odd": scored([1, 0], [-9.0, 9.0])}, Targets(exclude=("odd",)))
    assert rules == fit_score_rules(sets, Targets())


def test_an_unknown_excluded_set_is_an_error() -> None:
    with pytest.raises(DataError, match="no set called thre"):
        fit_score_rules({"three": random_set(6)}, Targets(exclude=("thre",)))


@pytest.mark.parametrize("labels", [[0, 0], [1, 1]])
def test_both_classes_are_needed(labels: list[int]) -> None:
    with pytest.raises(DataError, match="harmful rows and sets with benign"):
        fit_score_rules({"set": scored(labels, [0.0, 1.0])}, Targets())


def test_classes_may_come_from_different_sets() -> None:
    sets = {"harmful": scored([1, 1], [2.0, 3.0]), "benign": scored([0, 0], [-2.0, -3.0])}
    rules = fit_score_rules(sets, Targets())
    assert mean_rates(sets, rules, rules.operating_points["balanced"].threshold) == (1.0, 0.0)


def test_everything_excluded_is_an_error() -> None:
    with pytest.raises(DataError):
        fit_score_rules({"set": random_set(7)}, Targets(exclude=("set",)))


def test_the_worst_window_counts() -> None:
    labels = [1, 0, 1, 0]
    margins = [4.0, -1.0, 3.0, -2.0]
    plain = scored(labels, margins)
    low = np.array([0, -9], dtype=np.float32)
    padded = as_scored_set(labels, [[low, row[0], low] for row in plain.logits], [False] * 4)
    assert fit_score_rules({"s": padded}, Targets()) == fit_score_rules({"s": plain}, Targets())


@pytest.mark.parametrize("shift", [-2.0, 0.5, 3.0])
def test_responses_that_score_apart_are_brought_to_the_same_thresholds(shift: float) -> None:
    labels = [0] * 50 + [1] * 50
    margins = [*np.linspace(-4, 0.5, 50), *np.linspace(-0.5, 4, 50)]
    prompts, responses = scored(labels, margins), scored(labels, [m - shift for m in margins], True)
    rules = fit_score_rules({"prompts": prompts, "responses": responses}, Targets())
    assert rules.response_bias == pytest.approx(shift, abs=0.25)
    moved = replace(rules, response_bias=0.0)
    balanced = rules.operating_points["balanced"].threshold
    aligned = mean_rates({"responses": responses}, rules, balanced)
    assert aligned == pytest.approx(mean_rates({"prompts": prompts}, rules, balanced), abs=0.06)
    assert mean_rates({"responses": responses}, moved, balanced) != aligned


@pytest.mark.parametrize("responses", [False, True])
def test_one_kind_of_texts_alone_has_no_bias(responses: bool) -> None:
    labels, margins = [0, 1, 1, 0], [2.0, 3.0, 1.0, -1.0]
    rules = fit_score_rules({"set": scored(labels, margins, responses)}, Targets())
    assert rules.response_bias == 0.0


def test_rules_are_for_label_one_and_reproducible() -> None:
    sets = {"set": random_set(8)}
    rules = fit_score_rules(sets, Targets())
    assert rules.harmful_index == 1
    assert rules == fit_score_rules({"set": replace(sets["set"])}, Targets())
    assert set(rules.operating_points) == {"strict", "balanced", "lenient"}
