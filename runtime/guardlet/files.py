"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from guardlet.errors import DataError


@contextmanager
def replacing(path: Path, errors: str = "strict") -> Iterator[TextIO]:
    """A UTF-8 text file that becomes `path` when the block ends well, and vanishes otherwise.

    `errors` says what happens to text UTF-8 cannot hold, as for `open`. Raises OSError.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", errors=errors) as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def making_folder(path: Path) -> Iterator[Path]:
    """An empty folder beside `path` that becomes it when the block ends well, and vanishes
    otherwise. Raises OSError; `path` must not exist by then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield staging
        staging.chmod(0o755)
        staging.rename(path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file, and its folder, whole or not at all. Raises DataError when it cannot."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(text)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from None
