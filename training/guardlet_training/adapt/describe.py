"""guard.json of an adapted guard: a raised version and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from guardlet_export.guard_folder import GuardFolder, GuardFolderError
from guardlet_training.rows import Row

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)", re.ASCII)


def raised(version: str) -> str:
    """The next patch version: 1.0.3 for 1.0.2. Raises GuardFolderError for no such version."""
    found = _VERSION.match(version)
    if not found:
        raise GuardFolderError("the version in guard.json is not of the form 1.2.3")
    major, minor, patch = found.groups()
    return f"{major}.{minor}.{int(patch) + 1}"


def adapted_description(
    guard: GuardFolder, rows: Iterable[Row], record: dict[str, Any]
) -> dict[str, Any]:
    """guard.json with `record` as the last of `provenance.adaptations`, and the sources that the
    rows trained on name."""
    old = guard.description
    earlier = old["provenance"].get("adaptations", [])
    provenance = old["provenance"] | {"adaptations": [*earlier, record]}
    return old | {
        "version": raised(old["version"]),
        "sources": _sources(old["sources"], rows),
        "provenance": provenance,
    }


def _sources(known: list[dict[str, Any]], rows: Iterable[Row]) -> list[dict[str, Any]]:
    names = {source["name"] for source in known}
    named = {(row.source, row.license) for row in rows if row.source and row.license}
    return known + [
        {"name": name, "license": license} for name, license in sorted(named) if name not in names
    ]
