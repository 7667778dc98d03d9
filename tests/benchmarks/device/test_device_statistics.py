"""Quantiles, the interval of a median, noise and the long run."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardlet_benchmarks.device.statistics import (
    median_interval,
    noise,
    quantile,
    summarise,
    sustained,
)

TIMES = st.lists(st.floats(min_value=0.001, max_value=1e4), min_size=1, max_size=60)
SHARE = st.floats(min_value=0.0, max_value=1.0)


@given(TIMES, SHARE)
def test_a_quantile_is_the_smallest_sample_that_enough_do_not_exceed(
    times: list[float], share: float
) -> None:
    found = quantile(times, share)
    assert found in times
    wanted = round(share * len(times), 9)
    assert sum(time <= found for time in times) >= wanted
    assert sum(time < found for time in times) < max(wanted, 1)


def test_quantiles_of_a_hundred_are_their_names() -> None:
    hundred = list(range(100, 0, -1))
    assert [quantile(hundred, p / 100) for p in (50, 90, 95, 99)] == [50, 90, 95, 99]


@given(TIMES)
def test_the_interval_holds_the_median_and_is_of_samples(times: list[float]) -> None:
    interval = median_interval(times)
    if interval is None:
        assert len(times) < 6
        return
    low, high = interval
    assert {low, high} <= set(times)
    assert low <= statistics.median(times) <= high


@pytest.mark.parametrize("count", [6, 9, 30, 101])
def test_the_interval_is_the_narrowest_of_95_percent(count: int) -> None:
    """Coverage of the order statistics (i, n - 1 - i) from exact binomial sums."""

    def covered(rank: int) -> float:
        return 1 - 2 * sum(math.comb(count, k) for k in range(rank + 1)) / 2**count

    interval = median_interval(list(range(count)))
    assert interval is not None
    rank = int(interval[0])
    assert interval[1] == count - 1 - rank
    assert covered(rank) >= 0.95 > covered(rank + 1)


def test_nineteen_of_twenty_intervals_hold_the_true_median() -> None:
    draw = random.Random(7)
    held = 0
    for _ in range(2000):
        interval = median_interval([draw.expovariate(1.0) for _ in range(30)])
        assert interval is not None
        held += interval[0] <= math.log(2) <= interval[1]
    assert 0.94 <= held / 2000 <= 0.975


@given(TIMES)
def test_a_summary_keeps_every_sample_in_order(times: list[float]) -> None:
    found = summarise(32, times, [0.2, 0.1, 0.3])
    assert found.samples_ms == tuple(round(time, 4) for time in times)
    assert found.p50_ms <= found.p90_ms <= found.p95_ms <= found.p99_ms <= max(found.samples_ms)
    assert found.tokenizer_ms == 0.2


def test_throughput_is_checks_over_their_time() -> None:
    assert summarise(32, [100.0, 300.0]).checks_per_second == 5.0


def test_noise_is_the_upper_spread_over_the_median() -> None:
    calm = noise([10.0] * 20)
    assert calm is not None and (calm.spread, calm.noisy) == (0.0, False)
    wild = noise([10.0] * 17 + [13.0] * 3)
    assert wild is not None and (wild.spread, wild.noisy) == (0.3, True)
    assert noise([]) is None


def test_a_run_that_slows_down_keeps_part_of_its_rate() -> None:
    slices = [(100, 1.0)] * 60 + [(80, 1.0)] * 60
    found = sustained(128, slices)
    assert found is not None
    assert (found.seconds, found.checks, found.window_seconds) == (120.0, 10800, 30.0)
    assert (found.first_per_second, found.last_per_second, found.retention) == (100.0, 80.0, 0.8)


def test_a_short_run_compares_its_quarters() -> None:
    found = sustained(64, [(20, 1.0), (16, 1.0), (14, 1.0), (10, 1.0)])
    assert found is not None
    assert (found.window_seconds, found.retention) == (1.0, 0.5)


def test_a_run_of_nothing_is_none() -> None:
    assert sustained(64, []) is None
    assert sustained(64, [(0, 0.0)]) is None


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0.01, 40.0)), min_size=1, max_size=40))
def test_rates_of_any_run_are_those_of_some_of_its_slices(slices: list[tuple[int, float]]) -> None:
    found = sustained(64, slices)
    assert found is not None
    rates = [done / spent for done, spent in slices]
    for rate in (found.first_per_second, found.last_per_second):
        assert min(rates) - 0.01 <= rate <= max(rates) + 0.01
