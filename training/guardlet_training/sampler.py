"""Class-balanced draws, grouped so that a batch holds texts of similar length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import torch
from torch.utils.data import Sampler

_POOL_BATCHES = 32


class BalancedLengthSampler(Sampler[int]):
    """Yields len(groups) indices an epoch, each group equally often in expectation.

    Drawn with replacement by inverse group frequency, then sorted by length inside pools of 32
    batches whose batches come in random order. With `balance` false every index comes once. The
    order depends on `seed` and the epoch alone, so a resumed run sees the same batches.
    """

    def __init__(
        self,
        groups: Sequence[Hashable],
        lengths: Sequence[int],
        batch_size: int,
        seed: int,
        balance: bool = True,
    ) -> None:
        if len(groups) != len(lengths):
            raise ValueError("groups and lengths must have the same length")
        counts = Counter(groups)
        self._weights = torch.tensor([1.0 / counts[g] for g in groups], dtype=torch.float64)
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._balance = balance
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch)
        size = len(self)
        if self._balance:
            drawn = torch.multinomial(self._weights, size, replacement=True, generator=generator)
        else:
            drawn = torch.randperm(size, generator=generator)
        order: list[int] = drawn.tolist()
        pool = self._batch_size * _POOL_BATCHES
        for begin in range(0, size, pool):
            part = sorted(order[begin : begin + pool], key=lambda i: self._lengths[i])
            batches = [
                part[i : i + self._batch_size] for i in range(0, len(part), self._batch_size)
            ]
            # A short batch must come last, or it would shift the bounds of those after it.
            tail = batches.pop() if len(batches[-1]) < self._batch_size else []
            for i in torch.randperm(len(batches), generator=generator).tolist():
                yield from batches[i]
            yield from tail
