"""Timing several functions against each other on a machine that may be doing something else."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

_WARM_UPS = 2
_LEAST_ROUNDS = 5


def interleaved_ms(
    functions: Mapping[str, Callable[[], object]], rounds: int = 25, budget: float = 30.0
) -> dict[str, float]:
    """Median milliseconds of each, called in turn so that all meet the same machine.

    Processor time of the calling thread, which is what a single-threaded call takes when nothing
    else runs; time that other processes take from it does not count. Stops after `rounds`, or
    after `budget` seconds and five rounds.
    """
    spent: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        for _ in range(_WARM_UPS):
            function()
    started = time.monotonic()
    for done in range(rounds):
        if done >= _LEAST_ROUNDS and time.monotonic() - started > budget:
            break
        for name, function in functions.items():
            before = time.thread_time()
            function()
            spent[name].append(1e3 * (time.thread_time() - before))
    return {name: statistics.median(times) for name, times in spent.items()}


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """PyTorch computes on `count` threads inside the block. Put back afterwards: sums of floats
    depend on it in their last bits, and so do the bytes of an export."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
