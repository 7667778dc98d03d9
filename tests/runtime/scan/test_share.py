"""Intervals and the correction for the guard's errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardlet.scan.rates import Rates
from guardlet.scan.share import corrected, wilson

PERFECT = Rates(1.0, 0.0)
COUNTS = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
UNIT = st.floats(0, 1)


@st.composite
def rates(draw: st.DrawFn) -> Rates:
    fpr = draw(st.floats(0, 0.9))
    recall = draw(st.floats(fpr + 0.05, 1))
    sizes = st.none() | st.integers(1, 10**6)
    return Rates(recall, fpr, draw(sizes), draw(sizes))


@pytest.mark.parametrize(
    ("hits", "total", "lower", "upper"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_of_the_literature(
    hits: int, total: int, lower: float, upper: float
) -> None:
    found = wilson(hits, total)
    assert (round(found.lower, 4), round(found.upper, 4)) == (lower, upper)
    assert found.estimate == hits / total


@given(COUNTS)
def test_wilson_holds_its_estimate_and_mirrors(counts: tuple[int, int]) -> None:
    hits, total = counts
    found, mirrored = wilson(hits, total), wilson(total - hits, total)
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1
    assert found.lower == pytest.approx(1 - mirrored.upper, abs=1e-12)


def test_of_no_rows_everything_is_possible() -> None:
    assert (wilson(0, 0).lower, wilson(0, 0).upper) == (0, 1)
    assert (corrected(0, 0, Rates(0.9, 0.1)).lower, corrected(0, 0, Rates(0.9, 0.1)).upper) == (
        0,
        1,
    )


@pytest.mark.parametrize(
    ("hits", "total", "recall", "specificity", "share"),
    [
        # Worked examples of the R package epiR, epi.prev: cows tested for brucellosis, and
        # children for Helicobacter, of whom fewer are positive than the test's errors explain.
        (23, 150, 0.96, 0.89, 0.0510),
        (6, 151, 0.964, 0.927, 0.0),
    ],
)
def test_rogan_gladen_estimates_of_the_literature(
    hits: int, total: int, recall: float, specificity: float, share: float
) -> None:
    found = corrected(hits, total, Rates(recall, 1 - specificity))
    assert round(found.estimate, 4) == share
    assert found.lower == 0


def test_lang_and_reiczigel_worked_by_hand() -> None:
    """27 of 650 positive, sensitivity 50 of 100, specificity 199 of 200. With z^2 = 3.841459:
    flagged' = 28.920729 / 653.841459, recall' = 51 / 102, passed' = 200 / 202."""
    found = corrected(27, 650, Rates(0.5, 0.005, 100, 200))
    assert found.estimate == pytest.approx((27 / 650 - 0.005) / 0.495)
    share = (28.920729 / 653.841459 + 200 / 202 - 1) / (0.5 + 200 / 202 - 1)
    recall, passed = 0.25 / 102, (200 / 202) * (2 / 202) / 202
    flagged = 0.0442320 * (1 - 0.0442320) / 653.841459
    error = (flagged + recall * share**2 + passed * (1 - share) ** 2) ** 0.5 / (200 / 202 - 0.5)
    centre = share + 2 * 3.841459 * (share * recall - (1 - share) * passed)
    assert found.lower == pytest.approx(centre - 1.959964 * error, abs=1e-6)
    assert found.upper == pytest.approx(centre + 1.959964 * error, abs=1e-6)


@given(COUNTS)
def test_a_perfect_guard_needs_no_correction(counts: tuple[int, int]) -> None:
    assert corrected(*counts, PERFECT) == wilson(*counts)


@given(COUNTS, rates())
def test_shares_are_shares(counts: tuple[int, int], known: Rates) -> None:
    found = corrected(*counts, known)
    assert 0 <= found.estimate <= 1
    assert 0 <= found.lower <= found.upper <= 1
    if known.harmful_rows is None:
        assert found.lower <= found.estimate <= found.upper


@given(st.integers(1, 10**5), st.data(), rates())
def test_more_flags_never_mean_less_harm(total: int, data: st.DataObject, known: Rates) -> None:
    few, many = sorted(data.draw(st.tuples(*[st.integers(0, total)] * 2)))
    assert corrected(few, total, known).estimate <= corrected(many, total, known).estimate


@given(UNIT, st.integers(50, 10**6), rates())
def test_the_correction_undoes_what_the_guard_does(share: float, total: int, known: Rates) -> None:
    flagged = round(total * (share * known.recall + (1 - share) * known.fpr))
    exact = corrected(flagged, total, Rates(known.recall, known.fpr))
    assert exact.estimate == pytest.approx(share, abs=0.51 / total / (known.recall - known.fpr))


def test_rates_of_many_rows_are_as_good_as_exact() -> None:
    exact = corrected(600, 10_000, Rates(0.8, 0.02))
    measured = corrected(600, 10_000, Rates(0.8, 0.02, 10**9, 10**9))
    poor = corrected(600, 10_000, Rates(0.8, 0.02, 50, 50))
    assert measured.lower == pytest.approx(exact.lower, abs=1e-4)
    assert measured.upper == pytest.approx(exact.upper, abs=1e-4)
    assert poor.lower < exact.lower and poor.upper > exact.upper
