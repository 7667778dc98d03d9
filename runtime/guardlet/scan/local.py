"""Judging in this process, or in several of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from guardlet.errors import EngineError
from guardlet.guard import Guard
from guardlet.scan.chunks import AHEAD, Chunk, Scores, in_order, turns_of
from guardlet.scan.formats import Turn
from guardlet.scan.judge import GuardSource, judge_turns


def usable_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def judge_locally(
    chunks: Iterable[Chunk], source: GuardSource, workers: int
) -> Iterator[tuple[Chunk, Scores]]:
    """Chunks with a score a row, in order, the same for any number of workers.

    One worker is this process; more are started with `spawn`, so a script that calls this needs
    the usual `if __name__ == "__main__":`. Raises EngineError when a worker process dies.
    """
    if workers > 1:
        yield from _in_processes(chunks, source, workers)
        return
    guard = source.load()
    for chunk in chunks:
        yield chunk, [judge_turns(guard, turns) for turns in turns_of(chunk)]


def _in_processes(
    chunks: Iterable[Chunk], source: GuardSource, workers: int
) -> Iterator[tuple[Chunk, Scores]]:
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _Worker.start, (source,)
    )

    def submit(turns: list[tuple[Turn, ...]]) -> Future[Scores]:
        return pool.submit(_Worker.judge, turns)

    try:
        yield from in_order(chunks, submit, lambda future: future.result(), AHEAD * workers)
    except BrokenProcessPool:
        raise EngineError(
            "a worker process ended; with too little memory fewer --workers help. The same "
            "command goes on where this one stopped"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker:
    """The one guard of a worker process, loaded with its first rows: an error then comes back."""

    source: GuardSource
    guard: Guard | None = None

    @classmethod
    def start(cls, source: GuardSource) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
        threading.Thread(target=_end_with_parent, daemon=True).start()
        cls.source = source

    @classmethod
    def judge(cls, turns: list[tuple[Turn, ...]]) -> Scores:
        guard = cls.guard = cls.guard or cls.source.load()
        return [judge_turns(guard, row) for row in turns]


def _end_with_parent() -> None:
    """A killed parent leaves its pool waiting for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
