"""Labelled texts: the row format every stage reads and writes, and its reader.

A row is one JSON object a line: {"id", "prompt", "response"|null, "label" 0|1|null,
"soft_label" 0..1|null, "category", "source", "license"}; further keys are kept in `extra`.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from guardlet.errors import DataError

SUFFIXES = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True)
class Row:
    """One labelled text. `label` 1 is harmful; `soft_label` is a teacher's P(harmful)."""

    id: str
    prompt: str
    response: str | None = None
    label: int | None = None
    soft_label: float | None = None
    category: str | None = None
    source: str | None = None
    license: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def labelled(self) -> bool:
        """Whether there is a label, hard or soft."""
        return self.label is not None or self.soft_label is not None

    @property
    def target(self) -> int:
        """The hard label, from the soft one (at 0.5) where no hard one is given."""
        if self.label is not None:
            return self.label
        if self.soft_label is None:
            raise DataError(f"row {self.id} has neither label nor soft_label")
        return int(self.soft_label >= 0.5)


_OPTIONAL_TEXTS = ("id", "response", "category", "source", "license")
ROW_KEYS = tuple(name for name in Row.__dataclass_fields__ if name != "extra")


def file_rows(path: Path) -> Iterator[Row]:
    """Rows of a .jsonl or .jsonl.gz file. Raises DataError when it is unreadable or has a malformed
    row; it names file and line, never the text of a row."""
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _parse_line(line, f"{path}:{number}")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {type(error).__name__}") from error


def _parse_line(line: str, where: str) -> Row:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise DataError(f"{where}: not valid JSON") from None
    return parse_record(record, where)


def parse_record(record: Any, where: str) -> Row:
    """A Row from a decoded JSON object. Raises DataError naming `where` and the bad key."""
    if not isinstance(record, dict):
        raise DataError(f"{where}: a row must be a JSON object")
    known = {name: record[name] for name in ROW_KEYS if name in record}
    known["id"] = where if known.get("id") is None else known["id"]
    if not isinstance(known.get("prompt"), str):
        raise DataError(f'{where}: "prompt" must be a string')
    for name in _OPTIONAL_TEXTS:
        if not isinstance(known.get(name), str | None):
            raise DataError(f'{where}: "{name}" must be a string or null')
    label, soft = known.get("label"), known.get("soft_label")
    if label not in (0, 1, None) or isinstance(label, bool):
        raise DataError(f'{where}: "label" must be 0, 1 or null')
    if soft is not None and not (_is_number(soft) and 0 <= soft <= 1):
        raise DataError(f'{where}: "soft_label" must be between 0 and 1, or null')
    extra = {key: value for key, value in record.items() if key not in ROW_KEYS}
    return replace(Row(**known), extra=extra)


def data_files(folder: Path) -> list[Path]:
    """The data files directly in `folder`, sorted by name; DataError when there are none."""
    files = sorted(file for file in folder.iterdir() if file.name.endswith(SUFFIXES))
    if not files:
        raise DataError(f"{folder} holds no {' or '.join(SUFFIXES)} file")
    return files


def dataset_name(path: Path) -> str:
    """`beavertails` for `dir/beavertails.jsonl.gz`."""
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
