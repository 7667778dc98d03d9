"""The Kotlin library's answers, through the command-line harness it is built with.

The harness belongs to a source checkout (`android-demo/harness`); apps do not need it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from guardlet.bundle import Bundle
from guardlet.errors import EngineError
from guardlet.verify import EngineReport

HARNESS_VARIABLE = "GUARDLET_JVM_HARNESS"
_REPORT_FORMAT = 1
_CHECKOUT = Path(__file__).parents[2] / "android-demo/harness/target/guardlet-harness.jar"


def verify_on_jvm(bundle: Bundle) -> list[EngineReport]:
    """One report an artifact, as `verify_bundle` gives them. Raises EngineError."""
    report = run_harness("verify", str(bundle.folder))
    try:
        found = [EngineReport(**item) for item in report["reports"]]
    except (KeyError, TypeError) as error:
        raise EngineError(f"the JVM harness gave a report of another form: {error}") from None
    return [replace(item, artifact=f"{item.artifact} (jvm)") for item in found]


def run_harness(*arguments: str) -> dict[str, Any]:
    """The JSON object the harness prints. Raises EngineError with what went wrong."""
    java = shutil.which("java")
    if java is None:
        raise EngineError("the JVM runtime needs Java 11 or later on the path")
    command = [java, "-jar", str(_harness()), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EngineError(f"the JVM harness failed: {reason}")
    try:
        report: dict[str, Any] = json.loads(done.stdout)
        known = report["format"] == _REPORT_FORMAT
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise EngineError("the JVM harness is of another version than guardlet; build it again")
    return report


def _harness() -> Path:
    jar = Path(os.environ.get(HARNESS_VARIABLE, _CHECKOUT))
    if not jar.is_file():
        raise EngineError(
            "the JVM harness is not built: run `mvn -f android-demo package -DskipTests` in a "
            f"checkout of guardlet, or name its jar in {HARNESS_VARIABLE}"
        )
    return jar
