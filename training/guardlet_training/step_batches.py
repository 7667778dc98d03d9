"""Each step's rows, dealt to the processes that train together."""

from __future__ import annotations

from collections.abc import Iterator

from torch.utils.data import Sampler


class StepBatches(Sampler[list[int]]):
    """The micro-batches of one process among `processes`.

    A step takes the next `micro_batch_size` x `accumulation` x `processes` rows of `order`, however
    many processes share them, and every process gets as many micro-batches: the last step of an
    epoch, which may be short, is cut into smaller ones of about the same size. A process that finds
    no row there gets empty micro-batches, for it has to take part in the step.
    """

    def __init__(
        self,
        order: Sampler[int],
        micro_batch_size: int,
        accumulation: int,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        self._order = order
        self._round = micro_batch_size * processes
        self._step = self._round * accumulation
        self._process, self._processes = process, processes

    def set_epoch(self, epoch: int) -> None:
        if hasattr(self._order, "set_epoch"):
            self._order.set_epoch(epoch)

    def __len__(self) -> int:
        rows: int = len(self._order)  # type: ignore[arg-type]
        return -(-rows // self._round)

    def __iter__(self) -> Iterator[list[int]]:
        rows = list(self._order)
        for begin in range(0, len(rows), self._step):
            step = rows[begin : begin + self._step]
            parts = -(-len(step) // self._round) * self._processes
            bounds = [len(step) * part // parts for part in range(parts + 1)]
            for part in range(self._process, parts, self._processes):
                yield step[bounds[part] : bounds[part + 1]]
