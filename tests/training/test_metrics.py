"""Figures against scikit-learn and against values computed by hand."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from guardlet_training.metrics import Metrics, compute_metrics, mean_metrics

FIGURES = ("f1", "precision", "recall", "fpr", "auprc", "auroc")
# Coarse scores make ties, among themselves and with the threshold.
ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS, step=st.integers(0, 10))
def test_figures_are_those_of_scikit_learn(rows: list[tuple[int, int]], step: int) -> None:
    labels, scores = [y for y, _ in rows], [s / 10 for _, s in rows]
    threshold = step / 10
    metrics = compute_metrics(labels, scores, threshold)
    flagged = [int(s >= threshold) for s in scores]
    (negative, false), (_, _) = confusion_matrix(labels, flagged, labels=[0, 1])
    assert (metrics.rows, metrics.harmful) == (len(rows), sum(labels))
    if any(labels):
        assert metrics.recall == pytest.approx(recall_score(labels, flagged))
    if not all(labels):
        assert metrics.fpr == pytest.approx(false / (false + negative))
    if any(labels) and not all(labels):
        assert metrics.f1 == pytest.approx(f1_score(labels, flagged, zero_division=0))
        assert metrics.precision == pytest.approx(precision_score(labels, flagged, zero_division=0))
        assert metrics.auprc == pytest.approx(average_precision_score(labels, scores))
        assert metrics.auroc == pytest.approx(roc_auc_score(labels, scores))


def test_figures_by_hand() -> None:
    metrics = compute_metrics([1, 1, 1, 0, 0], [0.9, 0.6, 0.2, 0.5, 0.1], threshold=0.5)
    assert metrics == Metrics(
        rows=5,
        harmful=3,
        f1=pytest.approx(2 / 3),
        precision=pytest.approx(2 / 3),
        recall=pytest.approx(2 / 3),
        fpr=pytest.approx(1 / 2),
        auprc=pytest.approx((1 + 1 + 3 / 4) / 3),
        auroc=pytest.approx(5 / 6),
    )


def test_a_score_equal_to_the_threshold_is_flagged() -> None:
    assert compute_metrics([1], [0.5], 0.5).recall == 1
    assert compute_metrics([0], [0.5], 0.5).fpr == 1


def test_harmful_rows_alone_define_recall_only() -> None:
    metrics = compute_metrics([1, 1], [0.9, 0.1], 0.5)
    assert asdict(metrics) == {
        "rows": 2,
        "harmful": 2,
        "recall": 0.5,
        "fpr": None,
        **dict.fromkeys(("f1", "precision", "auprc", "auroc")),
    }


def test_benign_rows_alone_define_the_false_positive_rate_only() -> None:
    metrics = compute_metrics([0, 0, 0, 0], [0.9, 0.1, 0.1, 0.1], 0.5)
    assert metrics.fpr == 0.25
    assert all(getattr(metrics, name) is None for name in FIGURES if name != "fpr")


def test_nothing_flagged() -> None:
    metrics = compute_metrics([1, 0], [0.1, 0.2], 0.5)
    assert (metrics.f1, metrics.precision, metrics.recall, metrics.fpr) == (0, 0, 0, 0)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, int]], order: object) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    one, two = (
        compute_metrics([y for y, _ in part], [s / 10 for _, s in part], 0.5)
        for part in (rows, shuffled)
    )
    for name in FIGURES:
        assert getattr(one, name) == pytest.approx(getattr(two, name))


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_a_higher_threshold_never_flags_more(rows: list[tuple[int, int]]) -> None:
    labels, scores = [y for y, _ in rows], [s / 10 for _, s in rows]
    curve = [compute_metrics(labels, scores, t) for t in np.linspace(0, 1, 6)]
    for name in ("recall", "fpr"):
        values = [getattr(m, name) for m in curve if getattr(m, name) is not None]
        assert values == sorted(values, reverse=True)


def test_the_mean_is_over_the_sets_that_define_a_figure() -> None:
    sets = {
        "mixed": Metrics(100, 50, f1=0.8, precision=0.7, recall=0.9, fpr=0.2, auprc=0.6, auroc=0.5),
        "benign": Metrics(1, 0, fpr=0.4),
        "harmful": Metrics(1, 1, recall=0.5),
    }
    assert mean_metrics(sets) == {
        "f1": 0.8,
        "precision": 0.7,
        "recall": pytest.approx(0.7),
        "fpr": pytest.approx(0.3),
        "auprc": 0.6,
        "auroc": 0.5,
    }
    assert mean_metrics({}) == {}
