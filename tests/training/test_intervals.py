"""Wilson's interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardlet_training.intervals import Share


@pytest.mark.parametrize(
    ("hits", "rows", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_published_values(hits: int, rows: int, low: float, high: float) -> None:
    """The last is the worked example of Newcombe, Statistics in Medicine 17 (1998)."""
    share = Share.of(hits, rows)
    assert share.rate == hits / rows
    assert (share.low, share.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_rate_lies_within(counts: tuple[int, int]) -> None:
    share = Share.of(*counts)
    assert share.rate is not None and share.low is not None and share.high is not None
    assert 0 <= share.low <= share.rate + 1e-12
    assert share.rate <= share.high + 1e-12 <= 1 + 1e-9


def test_no_rows() -> None:
    assert Share.of(0, 0) == Share(0, 0, None, None, None)
