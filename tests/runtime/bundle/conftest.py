"""The tiny bundle's guardlet.json."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardlet.bundle import MANIFEST_FILE


@pytest.fixture(scope="session")
def manifest_text(bundle_folder: Path) -> str:
    return (bundle_folder / MANIFEST_FILE).read_text(encoding="utf-8")
