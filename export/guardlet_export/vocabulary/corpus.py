"""The texts of a corpus file."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guardlet.errors import DataError

SUFFIXES = (".txt", ".jsonl", ".jsonl.gz")


def read_texts(path: Path) -> Iterator[str]:
    """Each line of a .txt file; prompt and response of each row of a .jsonl or .jsonl.gz file.

    Blank lines are left out. Raises DataError, which names file and line and never holds text.
    """
    if not path.name.endswith(SUFFIXES):
        raise DataError(f"{path} is no {', '.join(SUFFIXES)} file")
    try:
        with (gzip.open if path.name.endswith(".gz") else open)(path, "rb") as file:
            for number, line in enumerate(file, 1):
                text = line.decode("utf-8").strip()
                if text and path.name.endswith(".txt"):
                    yield text
                elif text:
                    yield from _row_texts(text, f"{path}:{number}")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {type(error).__name__}") from None


def _row_texts(line: str, where: str) -> Iterator[str]:
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise DataError(f"{where}: not valid JSON") from None
    if not isinstance(row, dict) or not isinstance(row.get("prompt"), str):
        raise DataError(f'{where}: a row must be a JSON object with a string "prompt"')
    response = row.get("response")
    if not isinstance(response, str | None):
        raise DataError(f'{where}: "response" must be a string or null')
    yield row["prompt"]
    if response:
        yield response
