"""The sampler: length, determinism, balance and batches of similar length."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardlet_training.sampler import BalancedLengthSampler

ITEMS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50)), min_size=1, max_size=300)


def sampler(
    items: list[tuple[str, int]], batch: int, seed: int = 0, balance: bool = True
) -> BalancedLengthSampler:
    groups, lengths = [group for group, _ in items], [length for _, length in items]
    return BalancedLengthSampler(groups, lengths, batch, seed, balance)


def epoch_order(made: BalancedLengthSampler, epoch: int) -> list[int]:
    made.set_epoch(epoch)
    return list(made)


@settings(max_examples=60, deadline=None)
@given(items=ITEMS, batch=st.integers(1, 9), seed=st.integers(0, 99), balance=st.booleans())
def test_length_and_determinism(
    items: list[tuple[str, int]], batch: int, seed: int, balance: bool
) -> None:
    first, second = (sampler(items, batch, seed, balance) for _ in range(2))
    for epoch in (0, 2):
        order = epoch_order(first, epoch)
        assert len(order) == len(first) == len(items)
        assert set(order) <= set(range(len(items)))
        assert order == epoch_order(second, epoch) == list(second)


@settings(max_examples=60, deadline=None)
@given(items=ITEMS, batch=st.integers(1, 9), seed=st.integers(0, 99))
def test_without_balance_every_index_comes_once(
    items: list[tuple[str, int]], batch: int, seed: int
) -> None:
    order = list(sampler(items, batch, seed, balance=False))
    assert sorted(order) == list(range(len(items)))


@settings(max_examples=60, deadline=None)
@given(items=ITEMS, batch=st.integers(1, 9), balance=st.booleans())
def test_batches_of_one_pool_do_not_overlap_in_length(
    items: list[tuple[str, int]], batch: int, balance: bool
) -> None:
    order = list(sampler(items, batch, balance=balance))
    lengths = [items[i][1] for i in order]
    pool = 32 * batch
    for begin in range(0, len(lengths), pool):
        part = lengths[begin : begin + pool]
        batches = [part[i : i + batch] for i in range(0, len(part), batch)]
        spans = sorted((min(b), max(b)) for b in batches)
        assert all(left[1] <= right[0] for left, right in pairwise(spans))


@settings(max_examples=20, deadline=None)
@given(rare=st.integers(1, 60), middle=st.integers(100, 300), seed=st.integers(0, 999))
def test_skewed_groups_come_equally_often(rare: int, middle: int, seed: int) -> None:
    items = [("a", 1)] * rare + [("b", 2)] * middle + [("c", 3)] * 2000
    counts = Counter(items[i][0] for i in sampler(items, 8, seed))
    # Five standard deviations of a share of one third over more than 2100 draws.
    assert all(abs(counts[group] / len(items) - 1 / 3) < 0.052 for group in "abc")


@pytest.mark.parametrize("balance", [True, False])
def test_epochs_and_seeds_differ(balance: bool) -> None:
    items = [("ab"[i % 2], i % 17) for i in range(200)]
    first = sampler(items, 8, 0, balance)
    assert epoch_order(first, 0) != epoch_order(first, 1)
    assert epoch_order(first, 0) != list(sampler(items, 8, 1, balance))


def test_batches_do_not_come_in_order_of_length() -> None:
    order = list(sampler([("a", i) for i in range(256)], 8, balance=False))
    assert order != sorted(order)


def test_groups_and_lengths_must_match() -> None:
    with pytest.raises(ValueError, match="same length"):
        BalancedLengthSampler(["a"], [1, 2], 8, 0)
