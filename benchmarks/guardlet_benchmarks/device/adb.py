"""Target `adb`: the demo app's benchmark screen on an Android device, a run for each artifact."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from guardlet.bundle import MANIFEST_FILE, Bundle
from guardlet.errors import DataError, DeviceError
from guardlet_benchmarks.device.adb_client import Adb
from guardlet_benchmarks.device.report import DeviceReport, load_report
from guardlet_benchmarks.device.request import DeviceRequest, Progress
from guardlet_benchmarks.device.series import Step, kotlin_steps, measure_series

PACKAGE = "dev.guardlet.demo"
FOLDER = f"/sdcard/Android/data/{PACKAGE}/files"
_ACTIVITY = f"{PACKAGE}/.BenchmarkActivity"
_REPORT, _ERROR, _BUNDLE = "benchmark.json", "error.txt", "bundle"
_RUNTIME = "android"
_POLL_SECONDS = 2.0
_LONGEST_RUN = 1800.0


def measure(
    request: DeviceRequest,
    progress: Progress,
    serial: str | None = None,
    poll_seconds: float = _POLL_SECONDS,
) -> DeviceReport:
    """`serial`: which device, None for the only one. The app measures the bundle it was built
    with, or `request.bundle`, which is pushed to it and checked there.

    Raises DeviceError when there is no such device, the app is not on it, fails, or the device
    goes away; a BundleError or EngineError of the bundle; DataError of a malformed report.
    """
    bundle = Bundle.open(request.bundle)
    steps = kotlin_steps(bundle, request, request.threads or (None,))
    phone = _Phone(Adb.connect(serial), request.bundle is not None, poll_seconds)
    phone.require_app()
    if request.bundle is not None:
        phone.push(bundle, {step.artifact for step in steps})
    return measure_series(steps, phone.run, progress)


class _Phone:
    """The conversation with the app: every run is a fresh process of it."""

    def __init__(self, adb: Adb, pushed: bool, poll_seconds: float) -> None:
        self._adb, self._pushed, self._poll_seconds = adb, pushed, poll_seconds

    def require_app(self) -> None:
        listed = self._adb.shell("pm", "list", "packages", PACKAGE).split()
        if f"package:{PACKAGE}" not in listed:
            raise DeviceError(
                "the demo app is not on the device: build and install it with "
                "`./gradlew :app:installDebug` in android-demo/app of a checkout of guardlet "
                "(android-demo/README.md)"
            )

    def push(self, bundle: Bundle, artifacts: set[str]) -> None:
        """The files of the bundle that these artifacts need."""
        # The app makes its folder when its screen opens; adb's own would not be readable to it.
        self._start()
        self._stop()
        remote = f"{FOLDER}/{_BUNDLE}"
        self._adb.shell("rm", "-rf", remote)
        for path in _needed(bundle, artifacts):
            self._adb.push(bundle.folder / path, f"{remote}/{path}")

    def run(self, step: Step) -> DeviceReport:
        self._stop()
        self._adb.shell("rm", "-f", f"{FOLDER}/{_REPORT}", f"{FOLDER}/{_ERROR}")
        self._start(*self._extras(step))
        self._wait(_LONGEST_RUN + step.seconds)
        report = self._pulled()
        self._stop()
        if report.runtime != _RUNTIME:
            raise DataError(f"the app gave a report of the runtime {report.runtime}; update it")
        return report

    def _start(self, *extras: str) -> None:
        said = self._adb.shell("am", "start", "-W", "-n", _ACTIVITY, *extras)
        # Some versions of Android report the failure in words only.
        for line in said.splitlines():
            if line.startswith("Error"):
                raise DeviceError(f"Android did not start the app: {line.strip()}")

    def _stop(self) -> None:
        self._adb.shell("am", "force-stop", PACKAGE)

    def _extras(self, step: Step) -> Iterator[str]:
        yield from ("--ez", "run", "true", "--es", "artifact", step.artifact)
        yield from ("--es", "lengths", ",".join(map(str, step.lengths)))
        yield from ("--ei", "rounds", str(step.rounds), "--ef", "seconds", f"{step.seconds:.3f}")
        if step.threads is not None:
            yield from ("--ei", "threads", str(step.threads))
        if self._pushed:
            yield from ("--ez", "pushed", "true")

    def _wait(self, seconds: float) -> None:
        """Until the report is there. Raises DeviceError with the app's own reason, or when it is
        gone without one."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # Asked before the files: an app that ends after its last file must not seem lost.
            alive = self._adb.shell("pidof", PACKAGE, may_fail=True).strip()
            files = self._adb.shell("ls", FOLDER, may_fail=True).split()
            if _ERROR in files:
                raise DeviceError(f"the app failed: {self._reason()}")
            if _REPORT in files:
                return
            if not alive:
                raise DeviceError("the app ended without a report; `adb logcat` says why")
            time.sleep(self._poll_seconds)
        raise DeviceError(f"the app gave no report within {seconds:.0f} s; ask for fewer rounds")

    def _reason(self) -> str:
        with TemporaryDirectory() as folder:
            local = Path(folder) / _ERROR
            self._adb.pull(f"{FOLDER}/{_ERROR}", local)
            lines = local.read_text(encoding="utf-8", errors="replace").splitlines()
            return lines[0] if lines else "no reason given"

    def _pulled(self) -> DeviceReport:
        with TemporaryDirectory() as folder:
            local = Path(folder) / _REPORT
            self._adb.pull(f"{FOLDER}/{_REPORT}", local)
            return load_report(local)


def _needed(bundle: Bundle, artifacts: set[str]) -> list[str]:
    """Paths in the bundle, the manifest last: until then the folder is no bundle."""
    manifest = bundle.manifest
    entries = [manifest.tokenizer, manifest.vectors, manifest.card]
    for artifact in manifest.artifacts:
        if artifact.id in artifacts:
            entries += artifact.files
    return [*dict.fromkeys(entry.path for entry in entries), MANIFEST_FILE]
