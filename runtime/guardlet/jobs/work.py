"""Work on its way to the workers and its results on their way back, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, Protocol, TypeVar

from guardlet.errors import EngineError

Kept = TypeVar("Kept")
Ticket = TypeVar("Ticket")
Work = TypeVar("Work")
Result = TypeVar("Result")
_Work = TypeVar("_Work", contravariant=True)
_Result = TypeVar("_Result", covariant=True)

AHEAD = 4
"""Pieces of work on their way, for each worker."""


class WorkerSource(Protocol[_Work, _Result]):
    """Where workers come from. It is pickled: every process opens a worker of its own."""

    def open(self) -> AbstractContextManager[Callable[[_Work], _Result]]:
        """A worker, which is a function; it is closed when there is no more work."""
        ...


class LateWorker(Generic[Work, Result]):
    """A worker that is opened by its first work, so that an error of opening it comes back to the
    caller as an error of the work does."""

    def __init__(self, source: WorkerSource[Work, Result]) -> None:
        self._source = source
        self._stack = ExitStack()
        self._worker: Callable[[Work], Result] | None = None

    def work(self, work: Work) -> Result:
        """Raises EngineError for an OSError: it is not one of the folder that is written."""
        try:
            if self._worker is None:
                self._worker = self._stack.enter_context(self._source.open())
            return self._worker(work)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise EngineError(f"a worker failed: {why}. The same command goes on") from None

    def close(self) -> None:
        self._stack.close()


def in_order(
    pairs: Iterable[tuple[Kept, Work]],
    submit: Callable[[Work], Ticket],
    collect: Callable[[Ticket], Result],
    ahead: int,
) -> Iterator[tuple[Kept, Result]]:
    """Results as their work went in, at most `ahead` of it on its way; `Kept` stays here."""
    waiting: deque[tuple[Kept, Ticket]] = deque()
    for kept, work in pairs:
        waiting.append((kept, submit(work)))
        if len(waiting) >= ahead:
            first, ticket = waiting.popleft()
            yield first, collect(ticket)
    while waiting:
        first, ticket = waiting.popleft()
        yield first, collect(ticket)
