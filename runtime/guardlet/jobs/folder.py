"""The folder a job writes into: only ever of one job, and of one process at a time.

A growing file carries the ending `.partial` until it is complete; what a kill tore is cut away by
the job that goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from guardlet.errors import OutputError
from guardlet.files import replacing

PARTIAL = ".partial"


@contextmanager
def job_folder(
    folder: Path, identity_file: str, identity: Mapping[str, Any], kind: str = "run"
) -> Iterator[None]:
    """Opens `folder` for the job that `identity`, JSON, describes; makes it when it is not there.

    `kind` is what errors call the job. Raises OutputError when the folder holds anything else,
    when another process writes into it, or when the disk refuses (an OSError of the block as
    well); what was written stays and the same job goes on from there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, kind):
            _claim(folder / identity_file, identity, kind)
            yield
    except OSError as error:
        raise OutputError(
            f"cannot write into {folder}: {error.strerror or type(error).__name__}"
        ) from error


def json_line(record: Mapping[str, Any]) -> bytes:
    """One line of JSON Lines. A lone surrogate, which UTF-8 cannot hold, is written escaped."""
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def parse_line(line: bytes) -> dict[str, Any] | None:
    """A whole line of JSON Lines decoded; None for a torn one, or when it is no object."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def demote(file: Path) -> None:
    """Back to its name of an unfinished file: the kill came between the last renames."""
    if file.exists():
        file.replace(file.with_name(file.name + PARTIAL))


def promote(growing: IO[bytes], file: Path) -> None:
    """Closes the grown file, on the disk, and gives it its name."""
    growing.flush()
    os.fsync(growing.fileno())
    growing.close()
    file.with_name(file.name + PARTIAL).replace(file)


def _claim(file: Path, identity: Mapping[str, Any], kind: str) -> None:
    """Writes what the job is, or compares it with what is written."""
    folder = file.parent
    text = json.dumps(identity, indent=2, ensure_ascii=False) + "\n"
    if not file.is_file():
        if {item.name for item in folder.iterdir()} - {file.name + PARTIAL}:
            raise OutputError(f"{folder} holds other files; give a new folder")
        with replacing(file, errors="backslashreplace") as out:
            out.write(text)
        return
    differing = _differing(file, json.loads(text))
    if differing:
        raise OutputError(
            f"{folder} holds another {kind} (other {', '.join(differing)}); give a new folder, or "
            "delete this one"
        )


def _differing(file: Path, wanted: dict[str, Any]) -> list[str]:
    """Names of what is not the same in the file."""
    try:
        found = dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return [file.name]
    names = [*wanted, *sorted(found.keys() - wanted.keys())]
    nothing = object()
    return [name for name in names if found.get(name, nothing) != wanted.get(name, nothing)]


@contextmanager
def _locked(folder: Path, kind: str) -> Iterator[None]:
    """No second process in the folder, where the system has a lock for that."""
    try:
        import fcntl
    except ModuleNotFoundError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"another {kind} is writing into {folder}") from None
        yield
    finally:
        os.close(descriptor)
