"""Workers in this process, or in several of this machine."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from guardlet.errors import EngineError
from guardlet.jobs.work import AHEAD, Kept, LateWorker, Result, Work, WorkerSource, in_order


def usable_cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def work_here(
    pairs: Iterable[tuple[Kept, Work]], source: WorkerSource[Work, Result]
) -> Generator[tuple[Kept, Result], None, None]:
    """See `run_workers`."""
    worker = LateWorker(source)
    try:
        for kept, work in pairs:
            yield kept, worker.work(work)
    finally:
        worker.close()


def work_in_processes(
    pairs: Iterable[tuple[Kept, Work]], source: WorkerSource[Work, Result], workers: int
) -> Generator[tuple[Kept, Result], None, None]:
    """See `run_workers`."""
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _Process.start, (source,)
    )

    def submit(work: Work) -> Future[Result]:
        return pool.submit(_Process.run, work)

    try:
        yield from in_order(pairs, submit, lambda future: future.result(), AHEAD * workers)
    except BrokenProcessPool:
        raise EngineError(
            "a worker process ended; with too little memory fewer --workers help. The same "
            "command goes on where this one stopped"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


class _Process:
    """The one worker of a worker process."""

    worker: LateWorker[Any, Any]

    @classmethod
    def start(cls, source: WorkerSource[Any, Any]) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
        threading.Thread(target=_end_with_parent, daemon=True).start()
        cls.worker = LateWorker(source)
        atexit.register(cls.worker.close)

    @classmethod
    def run(cls, work: Any) -> Any:
        return cls.worker.work(work)


def _end_with_parent() -> None:
    """A killed parent leaves its pool waiting for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
