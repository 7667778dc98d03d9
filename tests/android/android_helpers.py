"""Where the Kotlin sources are and how to run Maven and the tooling on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guardlet.bundle import MANIFEST_FILE, default_bundle

ROOT = Path(__file__).parents[2]
ANDROID = ROOT / "android-demo"
TOOLING = ANDROID / "tooling"

needs_jvm = pytest.mark.skipif(
    not (shutil.which("java") and shutil.which("mvn")),
    reason="Java and Maven are needed to build and test the Kotlin library",
)


def has_default_bundle() -> bool:
    """Whether this checkout has the embedded guard."""
    return (default_bundle() / MANIFEST_FILE).is_file()


def run_maven(*arguments: str) -> None:
    """Fails with the end of Maven's output."""
    _run(["mvn", "--quiet", "--batch-mode", "--file", str(ANDROID), *arguments])


def run_tool(name: str, *arguments: str) -> None:
    """Runs a script of android-demo/tooling with this checkout's packages."""
    _run([sys.executable, str(TOOLING / name), *arguments])


def _run(command: list[str]) -> None:
    paths = [str(ROOT / name) for name in ("runtime", "export", "training")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
