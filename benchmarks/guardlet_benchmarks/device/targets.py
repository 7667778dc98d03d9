"""What can be measured: `--target` by name. A target's module is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from guardlet.errors import DataError, EngineError
from guardlet_benchmarks.device.report import DeviceReport
from guardlet_benchmarks.device.request import Target

HOST = "host"
TARGETS = {
    HOST: "Python on this machine",
    "jvm": "the Kotlin library on this machine's JVM",
    "adb": "the demo app on an Android phone; adb:SERIAL picks one of several",
    "ios-file": "a report that the iOS demo shared, given with --file",
}
_MODULES = {name: f"{__package__}.{name.replace('-', '_')}" for name in TARGETS}


def find_target(name: str, file: Path | None) -> Target:
    """Raises EngineError for an unknown name, DataError when `file` is missing or not wanted."""
    kind, _, serial = name.partition(":")
    if kind not in TARGETS or (serial and kind != "adb"):
        raise EngineError(f"no target {name!r}; there are {', '.join(TARGETS)} and adb:SERIAL")
    if (kind == "ios-file") != (file is not None):
        raise DataError("--file goes with --target ios-file, and the target needs it")
    measure: Callable[..., DeviceReport] = importlib.import_module(_MODULES[kind]).measure
    if kind == "adb":
        return partial(measure, serial=serial or None)
    return partial(measure, file=file) if file else measure
