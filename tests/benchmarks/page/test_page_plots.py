"""Axes hold their values, ticks are few and even, paths go where the data is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardlet_benchmarks.page.plot import Canvas, Series, log_axis, unit_axis

POSITIVE = st.floats(1e-3, 1e6)


@given(values=st.lists(POSITIVE, min_size=1, max_size=20))
def test_a_log_axis_holds_every_value_and_few_ticks(values: list[float]) -> None:
    axis = log_axis("ms", values)
    places = [axis.place(value, 0, 100) for value in sorted(values)]
    assert places == sorted(places)
    assert places[0] >= 0 and places[-1] <= 100
    assert len(axis.ticks) <= 12
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)


def test_ticks_of_a_log_axis() -> None:
    assert log_axis("ms", [3, 60]).ticks == (5, 10, 20, 50)
    assert log_axis("ms", [0.5, 9000]).ticks == (1, 10, 100, 1000, 10000)
    assert log_axis("tokens", [32, 512], (32, 512)).ticks == (32, 512)


def test_what_has_no_logarithm_is_at_the_start() -> None:
    assert log_axis("ms", [0.0, 5.0]).place(0.0, 0, 100) == 0
    assert log_axis("ms", []).place(1.0, 0, 100) == 50


@pytest.fixture
def canvas() -> Canvas:
    return Canvas(unit_axis("x"), unit_axis("y"), 100, 100, (0, 0, 0, 0))


def test_paths_are_in_pixels_from_the_top_left(canvas: Canvas) -> None:
    assert canvas.line([(0, 0), (1, 1)], "c").d == "M0,100L100,0"
    assert canvas.line([(0, 0.5)], "c", dodge=3).d == "M3,50"
    assert canvas.steps([(0, 1), (0.5, 0.2), (1, 0)], "c").d == "M0,0L0,80L50,80L50,100L100,100"
    assert canvas.steps([(0.5, 0.5)], "c").d == "M50,50"
    assert canvas.dot((0.5, 0.2), Series("s", 1)).transform.startswith("translate(50,80)")
