"""A Guardlet bundle as a teacher."""

from __future__ import annotations

from collections.abc import Sequence

from guardlet.errors import EmptyInputError
from guardlet.guard import Guard
from guardlet.scan import GuardSource
from guardlet_export.rows import Row


class BundleTeacher:
    """One check a row, with one thread: several workers keep several cores busy."""

    def __init__(self, source: GuardSource) -> None:
        """Raises a BundleError or EngineError."""
        self._guard: Guard = source.load()

    def score(self, rows: Sequence[Row]) -> list[float | None]:
        """See `Teacher`."""
        return [self._score(row) for row in rows]

    def _score(self, row: Row) -> float | None:
        try:
            return self._guard.check(row.prompt, row.response).score
        except EmptyInputError:
            return None
