"""What the Android tests share: Python's answers and the built harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from android_helpers import ANDROID, has_default_bundle, run_maven, run_tool

from guardlet.bundle import default_bundle


@pytest.fixture(scope="session")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two random bundles, attacks on them, and all that Python answers with them and with the
    default bundle."""
    folder = tmp_path_factory.mktemp("android") / "fixtures"
    default = ["--bundle", str(default_bundle())] if has_default_bundle() else []
    run_tool("make_fixtures.py", str(folder), *default)
    return folder


@pytest.fixture(scope="session")
def harness() -> Path:
    """The library's command line."""
    run_maven("--projects", "guardlet,harness", "package", "-DskipTests")
    return ANDROID / "harness" / "target" / "guardlet-harness.jar"
