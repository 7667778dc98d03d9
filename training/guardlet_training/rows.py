"""Rows from files, folders and the hub, and writing them; the format itself is in
`guardlet_export.rows`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet.files import replacing
from guardlet_export.rows import ROW_KEYS, Row, data_files, dataset_name, file_rows, parse_record
from guardlet_training.records import HUB_PREFIX, hub_records

__all__ = [
    "HUB_PREFIX",
    "Row",
    "data_files",
    "dataset_name",
    "load_rows",
    "parse_record",
    "row_record",
    "write_rows",
]


def load_rows(source: str, split: str = "train") -> list[Row]:
    """Rows of a .jsonl or .jsonl.gz file, of a folder of them, or of `hf://OWNER/NAME`.

    Raises DataError when the source is missing, unreadable or has a malformed row. Errors name
    file and line, never the text of a row.
    """
    if source.startswith(HUB_PREFIX):
        return list(_hub_rows(source.removeprefix(HUB_PREFIX), split))
    path = Path(source)
    if path.is_dir():
        return [row for file in data_files(path) for row in file_rows(file)]
    if not path.is_file():
        raise DataError(f"no such data file or folder: {source}")
    return list(file_rows(path))


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Writes rows as JSON Lines, and the file's folder, whole or not at all. Raises DataError when
    it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A lone surrogate is legal in JSON's escapes and in a str, but not in UTF-8.
        with replacing(path, errors="backslashreplace") as file:
            for row in rows:
                file.write(json.dumps(row_record(row), ensure_ascii=False) + "\n")
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from None


def row_record(row: Row) -> dict[str, Any]:
    """The JSON object of a row."""
    return {name: getattr(row, name) for name in ROW_KEYS} | dict(row.extra)


def _hub_rows(name: str, split: str) -> Iterator[Row]:
    for number, record in enumerate(hub_records(name, split)):
        yield parse_record(record, f"{HUB_PREFIX}{name}[{number}]")
