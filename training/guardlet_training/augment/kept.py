"""Which new instructions are kept: none twice, and none that an evaluation set holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet_training.augment.filter import filter_instructions
from guardlet_training.rows import Row

Keep = Callable[[Sequence[Row], Sequence[Path]], tuple[Sequence[Row], Mapping[str, Any]]]
"""Rows and evaluation files to the rows that stay and the counts of those that do not."""


def keep(rows: Sequence[Row], evaluation: Sequence[Path]) -> tuple[list[Row], Mapping[str, int]]:
    """As `filter_instructions`, which see."""
    kept, report = filter_instructions(rows, evaluation)
    return kept, report.dropped


def file_digests(files: Sequence[Path]) -> list[dict[str, str]]:
    """Names and SHA-256 of files, for a run's identity. Raises DataError for an unreadable one."""
    return [{"file": file.name, "sha256": _digest(file)} for file in files]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
