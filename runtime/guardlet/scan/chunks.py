"""Rows on their way to the workers and back, in the order of the file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from guardlet.scan.formats import Turn, read_row
from guardlet.scan.judge import RowScore
from guardlet.scan.sources import Record

Skipped = Literal["unreadable", "unrecognised", "empty"]
Ticket = TypeVar("Ticket")

_ROWS = 32
_BYTES = 1 << 20
AHEAD = 4
"""Chunks on their way, for each worker."""


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
Scores = list[RowScore | None]
Judging = Callable[[Iterable[Chunk]], Iterator[tuple[Chunk, Scores]]]


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


def turns_of(chunk: Chunk) -> list[tuple[Turn, ...]]:
    """What workers need of a chunk."""
    return [row.turns for row in chunk]


def in_order(
    chunks: Iterable[Chunk],
    submit: Callable[[list[tuple[Turn, ...]]], Ticket],
    collect: Callable[[Ticket], Scores],
    ahead: int,
) -> Iterator[tuple[Chunk, Scores]]:
    """Chunks with their scores as they went in, at most `ahead` of them on their way."""
    waiting: deque[tuple[Chunk, Ticket]] = deque()
    for chunk in chunks:
        waiting.append((chunk, submit(turns_of(chunk))))
        if len(waiting) >= ahead:
            first, ticket = waiting.popleft()
            yield first, collect(ticket)
    while waiting:
        first, ticket = waiting.popleft()
        yield first, collect(ticket)
