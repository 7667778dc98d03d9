"""What runs leave in their folders."""

from __future__ import annotations

from pathlib import Path


def contents(out: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
