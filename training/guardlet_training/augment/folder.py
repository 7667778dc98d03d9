"""The rows of a stage in its folder: whole pieces of them, whatever moment a kill came at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from guardlet.errors import OutputError
from guardlet.jobs import PARTIAL, json_line, parse_line, promote

RUN, ROWS, REPORT = "run.json", "rows.jsonl", "report.json"


class StageRows:
    """rows.jsonl, or rows.jsonl.partial until it is complete. `rows` counts what is in it."""

    def __init__(self, folder: Path, piece: int) -> None:
        """Opens the file and cuts it to pieces of `piece` whole rows. Raises OSError."""
        self._file = folder / ROWS
        self.complete = self._file.is_file()
        if self.complete:
            with self._file.open("rb") as lines:
                self.rows = sum(1 for _ in lines)
            return
        self._growing: IO[bytes] = self._file.with_name(ROWS + PARTIAL).open("ab+")
        self.rows = _cut(self._growing, piece)

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds a piece. Raises OSError."""
        lines = [json_line(row) for row in rows]
        self._growing.write(b"".join(lines))
        self._growing.flush()
        self.rows += len(lines)

    def finish(self) -> None:
        """Gives the file its name. Raises OSError."""
        if not self.complete:
            promote(self._growing, self._file)
            self.complete = True

    def close(self) -> None:
        if not self.complete:
            self._growing.close()


def stage_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of a complete stage, in order. Raises OutputError when the file was altered, and
    OSError."""
    with (folder / ROWS).open("rb") as lines:
        for line in lines:
            row = parse_line(line)
            if row is None:
                raise OutputError(f"{folder / ROWS} was altered; give a new folder")
            yield row


def _cut(growing: IO[bytes], piece: int) -> int:
    """Cuts the file after its last whole piece, moves to the end and returns how many rows stay.

    Workers see the same pieces as in an undisturbed run, so that scores whose last bits depend on
    what is computed together are the same as well.
    """
    growing.seek(0)
    kept = end = size = 0
    for rows, line in enumerate(growing, 1):
        if parse_line(line) is None:
            break
        size += len(line)
        if rows % piece == 0:
            kept, end = rows, size
    growing.truncate(end)
    growing.seek(0, os.SEEK_END)
    return kept
