"""Files that a benchmark wrote."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from guardlet.errors import DataError


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
