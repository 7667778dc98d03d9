"""Batches that are half new cases and half replayed rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler


class ReplaySampler(Sampler[int]):
    """Yields `steps` batches: each `batch_size` of the first `new` indices, then as many of the
    rest, whose labels are `replay_labels`.

    New cases come in shuffled rounds, each equally often; replayed rows are drawn with replacement,
    both classes equally often in expectation. The order depends on `seed` alone.
    """

    def __init__(
        self, new: int, replay_labels: Sequence[int], steps: int, batch_size: int, seed: int
    ) -> None:
        counts = Counter(replay_labels)
        weights = [1.0 / counts[label] for label in replay_labels]
        self._weights = torch.tensor(weights, dtype=torch.float64)
        self._new, self._steps, self._batch_size, self._seed = new, steps, batch_size, seed

    def __len__(self) -> int:
        return 2 * self._steps * self._batch_size

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed)
        rounds = self._rounds(generator)
        for _ in range(self._steps):
            yield from (next(rounds) for _ in range(self._batch_size))
            drawn = torch.multinomial(
                self._weights, self._batch_size, replacement=True, generator=generator
            )
            yield from (drawn + self._new).tolist()

    def _rounds(self, generator: torch.Generator) -> Iterator[int]:
        while True:
            yield from torch.randperm(self._new, generator=generator).tolist()
