"""Files that a benchmark writes, and the pages that show them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet.files import replacing
from guardlet_export.marked import replace_block


def load_record(path: Path, module: str, keys: Collection[str]) -> dict[str, Any]:
    """The JSON object at `path`, written by guardlet_benchmarks.MODULE. Raises DataError when it
    is none with these keys."""
    try:
        recorded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        complete = recorded.keys() >= set(keys)
    except (OSError, ValueError, AttributeError):
        complete = False
    if not complete:
        raise DataError(f"{path} is not a record of guardlet_benchmarks.{module}")
    return recorded


def write_record(path: Path, recorded: Mapping[str, Any]) -> None:
    """As indented JSON, whole or not at all. Raises OSError."""
    with replacing(path) as file:
        file.write(json.dumps(recorded, indent=1) + "\n")


def rewrite_blocks(page: Path, tables: Mapping[str, str]) -> None:
    """Puts each table into the block of its name. Raises DataError when the page lacks one."""
    text = page.read_text(encoding="utf-8")
    for block, table in tables.items():
        text = replace_block(text, block, table)
    with replacing(page) as file:
        file.write(text)
