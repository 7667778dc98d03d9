"""What the platform tells of the machine."""

from __future__ import annotations

import os
import platform
import socket
from pathlib import Path

import pytest

from guardlet_benchmarks.device.facts import power_state, thermal_state, this_machine
from guardlet_benchmarks.device.resident import peak_bytes, resident_bytes

linux = pytest.mark.skipif(platform.system() != "Linux", reason="reads /sys and /proc")


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")


def test_this_machine_names_its_engines_versions_and_nobody() -> None:
    device = this_machine(["onnx"], None)
    assert {"python", "guardlet", "onnxruntime", "numpy"} <= device.versions.keys()
    assert "torch" not in device.versions
    assert device.cores == os.cpu_count() and device.name and device.processor
    assert socket.gethostname() not in (device.name, device.os.split(" "))


@linux
def test_power_is_what_the_supplies_say(tmp_path: Path) -> None:
    assert power_state(tmp_path / "nothing") is None
    write(tmp_path / "BAT0", type="Battery", capacity="83")
    assert power_state(tmp_path) == "battery 83 %"
    write(tmp_path / "AC", type="Mains", online="0")
    assert power_state(tmp_path) == "battery 83 %"
    (tmp_path / "AC/online").write_text("1\n", encoding="utf-8")
    assert power_state(tmp_path) == "mains"


@linux
def test_the_hottest_sensor_counts_and_broken_ones_do_not(tmp_path: Path) -> None:
    assert thermal_state(tmp_path / "nothing") is None
    write(tmp_path / "zone0", temp="41200")
    write(tmp_path / "zone1", temp="54800")
    write(tmp_path / "zone2", temp="N/A")
    write(tmp_path / "cooling_device0", type="fan")
    assert thermal_state(tmp_path) == "55 °C"
    assert this_machine([], "30 °C").thermal in ("30 °C", f"30 °C -> {thermal_state()}")


@linux
def test_the_peak_remembers_what_was_given_back() -> None:
    before = resident_bytes()
    block = bytearray(b"x") * (200 << 20)
    del block
    peak, after = peak_bytes(), resident_bytes()
    assert before and peak and after
    assert peak >= before + (190 << 20)
    assert peak >= after
