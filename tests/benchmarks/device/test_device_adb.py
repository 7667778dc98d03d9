"""The conversation with a phone, held with an executable that answers as adb does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from device_reports import REPORT
from hypothesis import given, settings
from hypothesis import strategies as st

from guardlet.errors import BundleNotFoundError, DataError, DeviceError, EngineError
from guardlet_benchmarks.device.adb import FOLDER, measure
from guardlet_benchmarks.device.adb_client import Adb, remote_command
from guardlet_benchmarks.device.report import DeviceReport
from guardlet_benchmarks.device.request import DeviceRequest

ONE = "emulator-5554          device product:sdk model:Pixel transport_id:1"
PHONE_REPORT = replace(REPORT, runtime="android")


@dataclass(frozen=True)
class FakeAdb:
    """The state of fake_adb.py."""

    folder: Path

    def behave(self, devices: str = ONE, **phone: Any) -> None:
        (self.folder / "devices").write_text(devices)
        (self.folder / "phone.json").write_text(json.dumps(phone))

    def report(self, report: DeviceReport) -> None:
        (self.folder / "report.json").write_text(json.dumps(report.to_json()))

    def on_disk(self, path: str) -> Path:
        return self.folder / "disk" / FOLDER.lstrip("/") / path

    def log(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]


@pytest.fixture
def adb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeAdb:
    """On the path, with one phone that has the app."""
    fake = FakeAdb(tmp_path / "state")
    fake.folder.mkdir()
    fake.behave()
    fake.report(PHONE_REPORT)
    executable = tmp_path / "bin" / "adb"
    executable.parent.mkdir()
    source = (Path(__file__).parent / "fake_adb.py").read_text(encoding="utf-8")
    executable.write_text(f"#!{sys.executable} -IS\n{source}", encoding="utf-8")
    executable.chmod(0o755)
    monkeypatch.setenv("PATH", f"{executable.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_ADB", str(fake.folder))
    return fake


def run(
    request: DeviceRequest, serial: str | None = None
) -> tuple[DeviceReport, list[DeviceReport]]:
    steps: list[DeviceReport] = []
    return measure(request, steps.append, serial=serial, poll_seconds=0.01), steps


def test_every_artifact_and_number_of_threads_is_a_run_of_its_own(
    adb: FakeAdb, tiny_bundle: Path
) -> None:
    request = DeviceRequest(tiny_bundle, lengths=(32, 128), threads=(1, 2), sustained_seconds=8.0)
    report, steps = run(request)
    cells = [(m.artifact, m.threads) for m in report.measurements]
    assert cells == [("onnx-int8", 1), ("onnx-fp32", 1), ("onnx-int8", 2), ("onnx-fp32", 2)]
    assert report.runtime == "android" and report.incomplete is None
    assert [len(step.measurements) for step in steps] == [1, 2, 3, 4] and steps[-1] == report
    commands = [words[3] for words in adb.log() if words[2:3] == ["shell"]]
    starts = [command for command in commands if "--ez run true" in command]
    assert len(starts) == 4 and "--es lengths 32,128" in starts[0]
    assert "--ef seconds 2.000" in starts[0] and "--ei rounds 30" in starts[0]
    assert all("--ez pushed true" in command for command in starts)
    stops = [i for i, command in enumerate(commands) if "force-stop" in command]
    assert all(any(a < commands.index(s) for a in stops) for s in starts)


def test_the_bundle_is_pushed_whole_but_for_artifacts_nobody_asked_for(
    adb: FakeAdb, tiny_bundle: Path
) -> None:
    stale = adb.on_disk("bundle/stale.txt")
    stale.parent.mkdir(parents=True)
    stale.touch()
    run(DeviceRequest(tiny_bundle, engines=("onnx-int8",), threads=(1,)))
    pushed = adb.on_disk("bundle")
    files = {path.relative_to(pushed).as_posix() for path in pushed.rglob("*") if path.is_file()}
    assert {"guardlet.json", "tokenizer.json", "vectors.jsonl"} < files
    assert "onnx/model.onnx" not in files and "stale.txt" not in files
    for file in files:
        assert (pushed / file).read_bytes() == (tiny_bundle / file).read_bytes()


def test_without_a_number_of_threads_the_phone_chooses(adb: FakeAdb, tiny_bundle: Path) -> None:
    report, _ = run(DeviceRequest(tiny_bundle, engines=("onnx-int8",)))
    assert [m.threads for m in report.measurements] == [2]
    assert not any("--ei threads" in " ".join(words) for words in adb.log())


def test_a_report_of_an_earlier_run_is_not_taken_for_this_one(
    adb: FakeAdb, tiny_bundle: Path
) -> None:
    adb.behave(crashes=True)
    old = adb.on_disk("benchmark.json")
    old.parent.mkdir(parents=True)
    old.write_text(json.dumps(PHONE_REPORT.to_json()))
    with pytest.raises(DeviceError, match="ended without a report"):
        run(DeviceRequest(tiny_bundle))


def test_a_serial_chooses_among_several(adb: FakeAdb, tiny_bundle: Path) -> None:
    adb.behave(f"{ONE}\nR58N offline usb:1-1\n192.168.0.7:5555 device")
    run(DeviceRequest(tiny_bundle, engines=("onnx-int8",)), serial="192.168.0.7:5555")
    assert {words[1] for words in adb.log()[1:]} == {"192.168.0.7:5555"}


@pytest.mark.parametrize(
    ("devices", "serial", "reason"),
    [
        ("", None, "no Android device is connected"),
        (f"{ONE}\nR58N device", None, "adb:SERIAL, SERIAL being one of emulator-5554, R58N"),
        (ONE, "R58N", "no device 'R58N' is connected; there are emulator-5554"),
        (ONE, "-e; reboot", "no device '-e; reboot'"),
        ("R58N unauthorized usb:1-1", None, "unauthorized: .* allow USB debugging"),
        ("R58N offline", None, "offline: .* plug it in again"),
        ("R58N no permissions (missing udev rules?)", None, "udev rules"),
        ("R58N recovery", None, "is recovery: wait until it has started"),
    ],
)
def test_a_device_that_cannot_be_used_says_what_to_do(
    adb: FakeAdb, devices: str, serial: str | None, reason: str
) -> None:
    adb.behave(devices)
    with pytest.raises(DeviceError, match=reason):
        Adb.connect(serial)
    assert adb.log() == [["devices", "-l"]]


@pytest.mark.parametrize(
    ("phone", "error", "reason"),
    [
        ({"installed": False}, DeviceError, "not on the device: build and install .*installDebug"),
        ({"refuses": True}, DeviceError, "did not start the app: Error type 3"),
        (
            {"error": "EngineError: no artifact"},
            DeviceError,
            "app failed: EngineError: no artifact",
        ),
        ({"crashes": True}, DeviceError, "adb logcat"),
        ({"characters": 100}, DataError, "benchmark.json is not JSON"),
    ],
)
def test_an_app_that_fails_is_told_of(
    adb: FakeAdb, tiny_bundle: Path, phone: dict[str, Any], error: type[Exception], reason: str
) -> None:
    adb.behave(**phone)
    with pytest.raises(error, match=reason):
        run(DeviceRequest(tiny_bundle))


def test_what_was_measured_before_the_device_went_away_is_kept(
    adb: FakeAdb, tiny_bundle: Path
) -> None:
    adb.behave(gone_at_start=3)
    steps: list[DeviceReport] = []
    request = DeviceRequest(tiny_bundle, threads=(1, 2))
    with pytest.raises(DeviceError, match="the device went away"):
        measure(request, steps.append, poll_seconds=0.01)
    assert [m.artifact for m in steps[-1].measurements] == ["onnx-int8", "onnx-fp32"]


def test_an_app_of_another_runtime_is_refused(adb: FakeAdb, tiny_bundle: Path) -> None:
    adb.report(REPORT)
    with pytest.raises(DataError, match="runtime python"):
        run(DeviceRequest(tiny_bundle))


def test_the_bundle_is_looked_at_before_the_device(adb: FakeAdb, tiny_bundle: Path) -> None:
    with pytest.raises(BundleNotFoundError):
        run(DeviceRequest(tiny_bundle / "none"))
    with pytest.raises(EngineError, match="coreml"):
        run(DeviceRequest(tiny_bundle, engines=("coreml",)))
    assert not (adb.folder / "log").exists()


def test_without_adb_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DeviceError, match="Platform-Tools"):
        Adb.connect()


words = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=4)


@settings(max_examples=30, deadline=None)
@given(words)
def test_a_devices_shell_sees_the_words_and_runs_none_of_them(given_words: list[str]) -> None:
    line = remote_command(["printf", "%s\\0", "begin", *given_words])
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=60)
    assert done.stdout.decode("utf-8").split("\0")[1:-1] == given_words
