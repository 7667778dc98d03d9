"""Which new instructions are kept: none twice, and none that an evaluation set holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet_training.overlap import overlapping
from guardlet_training.rows import Row, load_rows

Keep = Callable[[Sequence[Row], Sequence[Path]], tuple[Sequence[Row], Mapping[str, Any]]]
"""Rows and evaluation files to the rows that stay and the counts of those that do not."""


def keep(rows: Sequence[Row], evaluation: Sequence[Path]) -> tuple[list[Row], dict[str, int]]:
    """The first of equal prompts (up to case and spaces) that nearly repeats no evaluation prompt.

    Raises DataError for an evaluation file that cannot be read.
    """
    distinct = list(
        {" ".join(row.prompt.casefold().split()): row for row in reversed(rows)}.values()
    )
    distinct.reverse()
    held = [row.prompt for file in evaluation for row in load_rows(str(file))]
    near = overlapping([row.prompt for row in distinct], held) if held else set()
    kept = [row for index, row in enumerate(distinct) if index not in near]
    return kept, {"repeated": len(rows) - len(distinct), "in_evaluation": len(near)}


def file_digests(files: Sequence[Path]) -> list[dict[str, str]]:
    """Names and SHA-256 of files, for a run's identity. Raises DataError for an unreadable one."""
    return [{"file": file.name, "sha256": _digest(file)} for file in files]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
