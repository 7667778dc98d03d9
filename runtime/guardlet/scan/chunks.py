"""Rows, a few at a time, as workers get them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from guardlet.scan.formats import Turn, read_row
from guardlet.scan.judge import RowScore
from guardlet.scan.sources import Record

Skipped = Literal["unreadable", "unrecognised", "empty"]

_ROWS = 32
_BYTES = 1 << 20


@dataclass(frozen=True)
class Row:
    """A record of file number `file`, and its turns or why there are none."""

    file: int
    record: Record
    format: str | None
    turns: tuple[Turn, ...]
    skipped: Skipped | None

    @classmethod
    def of(cls, file: int, record: Record, text_fields: Sequence[str], answers_only: bool) -> Row:
        """What `read_row` makes of the record."""
        reading = read_row(record.value, text_fields, answers_only)
        if reading is None:
            why: Skipped = "unreadable" if record.value is None else "unrecognised"
            return cls(file, record, None, (), why)
        return cls(file, record, reading.format, reading.turns, None if reading.turns else "empty")


Chunk = list[Row]
Turns = list[tuple[Turn, ...]]
Scores = list[RowScore | None]


def chunked(rows: Iterable[Row]) -> Iterator[Chunk]:
    """Lists of a few rows: 32, or fewer where they come to a mebibyte."""
    chunk: Chunk = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += sum(len(turn.prompt) + len(turn.response or "") for turn in row.turns)
        if len(chunk) >= _ROWS or size >= _BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def turns_of(chunk: Chunk) -> Turns:
    """What workers need of a chunk."""
    return [row.turns for row in chunk]
