"""What the platform tells about the machine this runs on. Never a host's or a user's name."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from guardlet_benchmarks.device.report import Device

_SUPPLIES = Path("/sys/class/power_supply")
_ZONES = Path("/sys/class/thermal")
_NAMES = ("/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/product_name")
_BOARD = Path("/proc/device-tree/model")
_PACKAGES = ("guardlet", "tokenizers", "numpy")
_PACKAGES_OF = {
    "onnx": ("onnxruntime",),
    "executorch": ("executorch", "torch"),
    "pytorch": ("torch", "transformers"),
    "optimum": ("optimum", "optimum-onnx", "onnxruntime", "transformers"),
}
_SECONDS = 5


def this_machine(engines: Iterable[str], thermal: str | None) -> Device:
    """`engines`: those whose versions count; `thermal`: what `thermal_state` said at first."""
    names = (*_PACKAGES, *(name for engine in engines for name in _PACKAGES_OF.get(engine, ())))
    versions = {name: found for name in names if (found := package_version(name))}
    return Device(
        name=_name(),
        os=" ".join(filter(None, (platform.system(), platform.release(), platform.machine()))),
        processor=processor() or platform.machine() or "unknown",
        cores=os.cpu_count() or 1,
        memory_bytes=_memory(),
        power=power_state(),
        thermal=_between(thermal, thermal_state()),
        versions={"python": platform.python_version(), **versions},
    )


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor() -> str:
    """The processor's trade name; Linux tells it through /proc only, macOS through sysctl."""
    if platform.system() == "Darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor()
    for line in _text(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def package_version(package: str) -> str | None:
    """None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def power_state(supplies: Path = _SUPPLIES) -> str | None:
    """`mains`, `battery 83 %`, or None where the platform does not tell."""
    if platform.system() == "Darwin":
        told = _output("pmset", "-g", "batt")
        return told.splitlines()[0].removeprefix("Now drawing from").strip(" '") if told else None
    online = battery = None
    for supply in _listed(supplies):
        kind = _text(supply / "type")
        if kind == "Mains":
            online = online or _text(supply / "online") == "1"
        elif kind == "Battery" and (charge := _text(supply / "capacity")):
            battery = f"battery {charge} %"
    return "mains" if online else battery


def thermal_state(zones: Path = _ZONES) -> str | None:
    """The hottest sensor, in degrees Celsius, on Linux; the speed limit on macOS; else None."""
    if platform.system() == "Darwin":
        lines = _output("pmset", "-g", "therm").splitlines()
        limits = [line.partition("=")[2].strip() for line in lines if "CPU_Speed_Limit" in line]
        return f"speed limit {limits[0]} %" if limits else None
    readings = [_text(zone / "temp") for zone in _listed(zones)]
    degrees = [int(reading) / 1000 for reading in readings if reading.lstrip("-").isdecimal()]
    return f"{max(degrees):.0f} °C" if degrees else None


def _between(before: str | None, after: str | None) -> str | None:
    return f"{before} -> {after}" if before and after else before or after


def _name() -> str:
    if platform.system() == "Darwin":
        return _output("sysctl", "-n", "hw.model") or "Mac"
    board = _text(_BOARD).strip("\0")
    told = board or " ".join(filter(None, (_text(Path(name)) for name in _NAMES)))
    return told or f"{platform.system()} machine"


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _text(file: Path) -> str:
    """Its content; empty where it cannot be read, as some sensors cannot."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
