"""Dealing a step's rows to processes: all of them once, the same whatever their number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import Sampler

from guardlet_training.step_batches import StepBatches


class Order(Sampler[int]):
    """0 to `rows`, shifted by the epoch."""

    def __init__(self, rows: int) -> None:
        self._rows, self._epoch = rows, 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[int]:
        yield from range(self._epoch, self._epoch + self._rows)


def dealt(rows: int, micro: int, accumulation: int, processes: int) -> list[list[list[int]]]:
    made = [
        StepBatches(Order(rows), micro, accumulation, process, processes)
        for process in range(processes)
    ]
    batches = [list(one) for one in made]
    assert [len(one) for one in made] == [len(one) for one in batches]
    return batches


@settings(max_examples=100, deadline=None)
@given(
    rows=st.integers(1, 120),
    micro=st.integers(1, 5),
    accumulation=st.integers(1, 4),
    processes=st.integers(1, 5),
)
def test_every_row_of_a_step_comes_once(
    rows: int, micro: int, accumulation: int, processes: int
) -> None:
    shares = dealt(rows, micro, accumulation, processes)
    assert len({len(share) for share in shares}) == 1
    step = micro * accumulation * processes
    for number, begin in enumerate(range(0, rows, step)):
        part = slice(number * accumulation, (number + 1) * accumulation)
        batches = [batch for share in shares for batch in share[part]]
        assert sorted(i for batch in batches for i in batch) == list(
            range(begin, min(begin + step, rows))
        )
        sizes = [len(batch) for batch in batches]
        assert max(sizes) <= micro and max(sizes) - min(sizes) <= 1


def test_full_micro_batches_stay_as_the_sampler_grouped_them() -> None:
    assert dealt(12, 3, 2, 2) == [[[0, 1, 2], [6, 7, 8]], [[3, 4, 5], [9, 10, 11]]]


def test_a_process_without_rows_gets_empty_batches() -> None:
    assert dealt(2, 4, 1, 3) == [[[]], [[0]], [[1]]]


@pytest.mark.parametrize("epoch", [0, 3])
def test_the_epoch_is_passed_on(epoch: int) -> None:
    made = StepBatches(Order(4), 2, 1)
    made.set_epoch(epoch)
    assert list(made) == [[epoch, epoch + 1], [epoch + 2, epoch + 3]]
