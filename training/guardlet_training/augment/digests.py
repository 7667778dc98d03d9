"""What a run's identity says of the files it reads."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import file_digest
from pathlib import Path

from guardlet.errors import DataError


def file_digests(files: Sequence[Path]) -> list[dict[str, str]]:
    """Names and SHA-256 of files, for a run's identity. Raises DataError for an unreadable one."""
    return [{"file": file.name, "sha256": _digest(file)} for file in files]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
