"""What the Android tests share: Python's answers and the built harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from android_helpers import ANDROID, run_maven, run_tool


@pytest.fixture(scope="session")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two real bundles, attacks on them, and everything Python answers."""
    folder = tmp_path_factory.mktemp("android") / "fixtures"
    run_tool("make_fixtures.py", str(folder))
    return folder


@pytest.fixture(scope="session")
def harness() -> Path:
    """The library's command line."""
    run_maven("--projects", "guardlet,harness", "package", "-DskipTests")
    return ANDROID / "harness" / "target" / "guardlet-harness.jar"
