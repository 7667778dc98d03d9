"""A report that the iOS demo shared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from device_reports import REPORT

from guardlet.errors import DataError
from guardlet_benchmarks.device.ios_file import measure
from guardlet_benchmarks.device.report import DeviceReport
from guardlet_benchmarks.device.request import DeviceRequest


def saved(folder: Path, report: DeviceReport) -> Path:
    file = folder / "shared.json"
    file.write_text(json.dumps(report.to_json()), encoding="utf-8")
    return file


def test_the_report_is_taken_as_it_is(tmp_path: Path) -> None:
    steps: list[DeviceReport] = []
    report = replace(REPORT, runtime="ios")
    assert measure(DeviceRequest(), steps.append, file=saved(tmp_path, report)) == report
    assert steps == [report]


def test_a_report_of_another_runtime_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"shared.json was measured by the python runtime"):
        measure(DeviceRequest(), lambda _: None, file=saved(tmp_path, REPORT))


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"format": 2}'])
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "shared.json"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"shared.json"):
        measure(DeviceRequest(), lambda _: None, file=file)
    with pytest.raises(DataError, match=r"none.json"):
        measure(DeviceRequest(), lambda _: None, file=tmp_path / "none.json")
