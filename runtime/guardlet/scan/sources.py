"""Rows of data files, one at a time: memory does not grow with the file."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from guardlet.errors import DataError

ReadLine = Callable[[int], bytes]
LONGEST_ROW = 16 << 20
"""Bytes. A longer line of JSON Lines is an unreadable row, a longer CSV field an error."""


@dataclass(frozen=True)
class Record:
    """One row: `line` is where it begins (of a parquet file its number), from 1. `value` is the
    decoded row, None where it cannot be read. `raw` is a JSON line as it stands in the file.
    `offset` is how many bytes of the file have been read, about."""

    line: int
    value: Any
    raw: bytes | None
    offset: int

    def copy(self) -> bytes:
        """The row as one line of JSON Lines, without its end."""
        if self.raw is not None:
            return self.raw
        text = json.dumps(self.value, ensure_ascii=False, default=str)
        return text.encode("utf-8", "backslashreplace")


def records(path: Path) -> Iterator[Record]:
    """Every row of a .jsonl, .jsonl.gz, .csv or .parquet file, in order; blank lines are none.

    Text that is no UTF-8 is read with U+FFFD in place of the broken bytes. Raises DataError, which
    names file and line and never a row's text.
    """
    reader = _reader(path)
    try:
        yield from reader(path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {type(error).__name__}") from error


def _reader(path: Path) -> Callable[[Path], Iterator[Record]]:
    for suffix, reader in _READERS.items():
        if path.name.endswith(suffix):
            return reader
    if path.name.endswith(".json"):
        raise DataError(
            f"{path.name} is one JSON value, which cannot be read piece by piece; make JSON Lines "
            "of it, for example with: jq -c '.[]' FILE.json > FILE.jsonl"
        )
    raise DataError(f"{path.name} is none of {', '.join(_READERS)}")


def _json_lines(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        if path.name.endswith(".gz"):
            with gzip.open(file) as unpacked:
                yield from _decoded(unpacked.readline, file)
        else:
            yield from _decoded(file.readline, file)


def _decoded(readline: ReadLine, file: IO[bytes]) -> Iterator[Record]:
    for number, line in enumerate(_bounded(readline), 1):
        if line is None:
            yield Record(number, None, b"", file.tell())
            continue
        raw = line.removesuffix(b"\n").removesuffix(b"\r")
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if raw.strip():
            yield Record(number, _json(raw), raw, file.tell())


def _bounded(readline: ReadLine) -> Iterator[bytes | None]:
    """Lines, or None in place of one that is too long to be held."""
    while line := readline(LONGEST_ROW + 1):
        if len(line) <= LONGEST_ROW:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = readline(LONGEST_ROW)
        yield None


def _json(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _csv(path: Path) -> Iterator[Record]:
    with (
        path.open("rb") as file,
        io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline="") as text,
        _long_fields(),
    ):
        reader = csv.reader(_text_lines(text, path), strict=True)
        header: list[str] | None = None
        before = 0
        try:
            for cells in reader:
                line, before = before + 1, reader.line_num
                if header is None:
                    header = cells
                elif cells:
                    fits = len(cells) <= len(header)
                    row = dict(zip(header, cells, strict=False)) if fits else None
                    yield Record(line, row, None, file.tell())
        except csv.Error:
            raise DataError(
                f"{path}:{before + 1}: this row is not well-formed CSV (quotes, or a field of over "
                f"{LONGEST_ROW >> 20} MiB); write the file again with a CSV library"
            ) from None


def _text_lines(text: IO[str], path: Path) -> Iterator[str]:
    while line := text.readline(LONGEST_ROW + 1):
        if len(line) > LONGEST_ROW:
            raise DataError(f"{path} has a line of over {LONGEST_ROW >> 20} MiB; is it CSV?")
        yield line


@contextmanager
def _long_fields() -> Iterator[None]:
    """The csv module's limit of a field is one for the process: 128 KiB, too short for chats."""
    old = csv.field_size_limit(LONGEST_ROW)
    try:
        yield
    finally:
        csv.field_size_limit(old)


def _parquet(path: Path) -> Iterator[Record]:
    from guardlet.scan.parquet import parquet_rows

    size = path.stat().st_size
    for number, (row, share) in enumerate(parquet_rows(path), 1):
        yield Record(number, row, None, int(share * size))


_READERS: dict[str, Callable[[Path], Iterator[Record]]] = {
    ".jsonl": _json_lines,
    ".jsonl.gz": _json_lines,
    ".csv": _csv,
    ".parquet": _parquet,
}
