"""What every teacher does, and the mean of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from guardlet.errors import TeacherError
from guardlet_export.rows import Row

T = TypeVar("T")
R = TypeVar("R")


class Teacher(Protocol):
    """An opened model."""

    def score(self, rows: Sequence[Row]) -> list[float | None]:
        """P(unsafe) of each row: of its response in the context of its prompt, or of the prompt
        where there is no response. None for a row that the model cannot read: it is longer than
        the model's context, or has nothing in it. Rows do not influence each other, up to the
        rounding of batched arithmetic. Raises TeacherError."""
        ...


@dataclass(frozen=True)
class Ensemble:
    """The mean of what several teachers say; None where one of them says nothing."""

    teachers: Sequence[Teacher]

    def score(self, rows: Sequence[Row]) -> list[float | None]:
        columns = [teacher.score(rows) for teacher in self.teachers]
        return [_mean(scores) for scores in zip(*columns, strict=True)]


def in_halves(run: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> list[R]:
    """What `run` makes of the items, of half of them at a time where memory does not suffice.

    Raises TeacherError when it does not suffice for one.
    """
    import torch

    try:
        return run(items)
    except torch.OutOfMemoryError:
        if len(items) == 1:
            raise TeacherError(
                "one row is too long for the memory of the device; take a bigger one"
            ) from None
    # Outside of the handler, which would keep the tensors of the failed attempt alive.
    middle = len(items) // 2
    return in_halves(run, items[:middle]) + in_halves(run, items[middle:])


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if len(known) == len(scores) else None
