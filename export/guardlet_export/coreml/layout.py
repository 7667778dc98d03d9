"""Where a Core ML artifact keeps its lengths. See docs/coreml.md."""

from __future__ import annotations

import re
from pathlib import Path

from guardlet.errors import EngineError
from guardlet_export.coreml.formats import SUFFIX

_LENGTH = re.compile(r"length_([1-9][0-9]*)")


def length_name(length: int) -> str:
    """Name of a length's function, and of its package without suffix."""
    return f"length_{length}"


def length_of(name: str) -> int:
    """The length that `length_name` wrote. Raises EngineError."""
    match = _LENGTH.fullmatch(name)
    if match is None:
        raise EngineError(f"{name!r} does not name an input length; export the bundle again")
    return int(match.group(1))


def is_package(entry: Path) -> bool:
    """Whether the lengths are functions of one package, rather than packages in a folder."""
    return entry.suffix == SUFFIX


def packages(folder: Path) -> dict[int, Path]:
    """The packages of a folder by length, ascending. Raises EngineError where there are none."""
    found = {length_of(path.stem): path for path in folder.glob(f"*{SUFFIX}")}
    if not found:
        raise EngineError(f"{folder} holds no {SUFFIX}; export the bundle again")
    return dict(sorted(found.items()))
