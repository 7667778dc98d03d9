"""Records of data sets as their authors publish them: files and hub sets of any columns."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from guardlet.errors import DataError

Record = Mapping[str, Any]
HUB_PREFIX = "hf://"


def read_records(path: Path) -> list[Record]:
    """The records of a CSV, JSON, JSON Lines or Parquet file; all but the last may end in `.gz`.

    Raises DataError when it is missing or unreadable, or is not a list of objects.
    """
    kind = Path(path.name.removesuffix(".gz")).suffix
    try:
        if kind == ".parquet":
            return _parquet_records(path)
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
        if kind == ".csv":
            return _csv_records(text, path)
        if kind == ".jsonl":
            # Not splitlines, which also breaks at characters that JSON allows in a string.
            records = [json.loads(line) for line in text.split("\n") if line.strip()]
        else:
            records = json.loads(text)
    except (OSError, EOFError, ValueError, RecursionError, zlib.error, csv.Error) as error:
        raise DataError(f"cannot read {path}: {type(error).__name__}") from None
    if not isinstance(records, list) or not all(isinstance(item, dict) for item in records):
        raise DataError(f"{path} must be a list of JSON objects")
    return records


def hub_records(name: str, split: str, config: str | None = None) -> Iterator[Record]:
    """The records of a data set of a hub. Raises DataError when it cannot be loaded."""
    from datasets import load_dataset

    try:
        dataset = load_dataset(name, config, split=split)
    except Exception as error:
        raise DataError(
            f"cannot load {HUB_PREFIX}{name} ({type(error).__name__}); check the id and the "
            f"network, or give a local file"
        ) from error
    return map(dict, dataset)


def text_of(record: Record, name: str, at: str) -> str:
    """Raises DataError when there is no text under `name`."""
    value = record.get(name)
    if not isinstance(value, str):
        raise DataError(f'{at}: "{name}" must be a string')
    return value


def flag_of(value: Any, at: str) -> int:
    """0 or 1 from a number or its text; CSV written by pandas has 0.0 and 1.0. Raises DataError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if number not in (0.0, 1.0):
        raise DataError(f"{at} must be 0 or 1")
    return int(number)


def _csv_records(text: str, path: Path) -> list[Record]:
    records: list[Record] = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    for number, record in enumerate(records, 1):
        if None in record:
            raise DataError(f"{path}: record {number} has more fields than the first line")
    return records


def _parquet_records(path: Path) -> list[Record]:
    from pyarrow.parquet import read_table

    records: list[Record] = read_table(path).to_pylist()
    return records
