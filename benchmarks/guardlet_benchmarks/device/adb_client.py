"""The one place that starts the `adb` executable of Android's platform tools."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guardlet.errors import DeviceError

_SECONDS = 60.0
_PUSH_SECONDS = 900.0
_GONE = re.compile(r"not found|offline|no devices|closed|unauthorized|protocol fault|disconnected")
_REFUSED = {
    "unauthorized": "it does not trust this computer: unlock it and allow USB debugging in the "
    "dialogue it shows",
    "offline": "it does not answer: plug it in again, or run `adb kill-server`",
    "no permissions": "this user may not talk to it: see the udev rules in Android's adb manual",
}


@dataclass(frozen=True)
class Listed:
    """A line of `adb devices`: `state` is `device` when it can be used."""

    serial: str
    state: str


class Adb:
    """Speaks to one device. Every call raises DeviceError when adb is not installed, fails, or
    does not answer in time."""

    def __init__(self, serial: str) -> None:
        self._serial = serial

    @classmethod
    def connect(cls, serial: str | None = None) -> Adb:
        """The device called `serial`, or the only one. Raises DeviceError, saying what to do."""
        chosen = _choose(_listed(_adb("devices", "-l")), serial)
        if chosen.state != "device":
            advice = _REFUSED.get(chosen.state, "wait until it has started, then try again")
            raise DeviceError(f"the device {chosen.serial} is {chosen.state}: {advice}")
        return cls(chosen.serial)

    def shell(self, *words: str, may_fail: bool = False) -> str:
        """What a command of the device prints. With `may_fail` its exit status does not count."""
        suffix = " || true" if may_fail else ""
        return self._run("shell", remote_command(words) + suffix)

    def push(self, local: Path, remote: str) -> None:
        self._run("push", str(local), remote, seconds=_PUSH_SECONDS)

    def pull(self, remote: str, local: Path) -> None:
        self._run("pull", remote, str(local))

    def _run(self, *words: str, seconds: float = _SECONDS) -> str:
        return _adb("-s", self._serial, *words, seconds=seconds)


def remote_command(words: Sequence[str]) -> str:
    """One line for the device's shell, which splits it into exactly these words."""
    return shlex.join(words)


def _choose(listed: Sequence[Listed], serial: str | None) -> Listed:
    names = ", ".join(item.serial for item in listed)
    if not listed:
        raise DeviceError(
            "no Android device is connected: plug one in with USB debugging on, or start an "
            "emulator; `adb devices` must list it"
        )
    if serial is None:
        if len(listed) > 1:
            raise DeviceError(
                f"several devices are connected: choose with --target adb:SERIAL, "
                f"SERIAL being one of {names}"
            )
        return listed[0]
    for item in listed:
        if item.serial == serial:
            return item
    raise DeviceError(f"no device {serial!r} is connected; there are {names}")


def _listed(output: str) -> list[Listed]:
    """Of the lines below the heading; those with * are about adb's own server."""
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("*")]
    rows = [line.split(maxsplit=2) for line in lines if not line.startswith("List of")]
    return [
        Listed(row[0], "no permissions" if row[1] == "no" else row[1])
        for row in rows
        if len(row) > 1
    ]


def _adb(*words: str, seconds: float = _SECONDS) -> str:
    executable = shutil.which("adb")
    if executable is None:
        raise DeviceError("adb is not on the path; install Android's SDK Platform-Tools")
    try:
        done = subprocess.run(
            [executable, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeviceError(
            f"the device did not answer within {seconds:.0f} s; is it still connected?"
        ) from None
    except OSError as error:
        raise DeviceError(f"adb cannot be started: {error.strerror}") from None
    if done.returncode:
        raise DeviceError(_reason(done.stderr or done.stdout))
    return done.stdout


def _reason(output: str) -> str:
    lines = output.strip().splitlines() or ["no reason given"]
    if _GONE.search(lines[-1]):
        return f"the device went away ({lines[-1]}); connect it and start again"
    return f"adb failed: {lines[-1]}"
