"""The host, measured for real: processes, parity, and what happens when one of them dies."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from guardlet.errors import BundleNotFoundError, EngineError, InputError
from guardlet_benchmarks.device import host
from guardlet_benchmarks.device.cell import Cell
from guardlet_benchmarks.device.host import measure
from guardlet_benchmarks.device.report import DeviceReport, parse_report
from guardlet_benchmarks.device.request import DeviceRequest


def ignore(_: DeviceReport) -> None:
    """No one is told of progress."""


def small(bundle: Path | None, **changes: object) -> DeviceRequest:
    """A request that takes seconds."""
    settings = {"lengths": (8, 24), "threads": (1,), "rounds": 3, "sustained_seconds": 0.0}
    return DeviceRequest(bundle, **settings | changes)  # type: ignore[arg-type]


def altered(bundle: Path, folder: Path, file: str) -> Path:
    """A copy in which one byte of `file` differs."""
    copy = folder / "altered"
    shutil.copytree(bundle, copy)
    content = bytearray((copy / file).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / file).write_bytes(content)
    return copy


def test_every_artifact_is_measured_whole(tiny_bundle: Path) -> None:
    steps: list[DeviceReport] = []
    request = small(tiny_bundle, threads=(2, 1), sustained_seconds=0.8)
    report = measure(request, steps.append)
    assert report.incomplete is None and report.runtime == "python"
    cells = [(m.artifact, m.threads) for m in report.measurements]
    assert cells == [("onnx-int8", 2), ("onnx-fp32", 2), ("onnx-int8", 1), ("onnx-fp32", 1)]
    for measurement in report.measurements:
        assert measurement.load_ms > 0 and measurement.first_check_ms > 0
        assert measurement.bytes > 1000 and (measurement.memory_bytes or 0) > 1 << 20
        assert [length.tokens for length in measurement.lengths] == [8, 24]
        assert all(len(length.samples_ms) == 3 for length in measurement.lengths)
        assert all(0 < (length.tokenizer_ms or 0) < length.p99_ms for length in measurement.lengths)
        assert measurement.sustained and measurement.sustained.tokens == 24
        assert measurement.sustained.seconds >= 0.2
    parities = [m.parity for m in report.measurements]
    assert all(p and p.passed and p.cases > 100 for p in parities[:2]) and not any(parities[2:])
    assert report.noise is not None and report.device.versions["onnxruntime"]
    assert len(steps) > 4 and steps[0].measurements
    assert parse_report(as_text(report), "report") == report


def as_text(report: DeviceReport) -> str:
    return json.dumps(report.to_json())


@pytest.mark.slow
def test_the_embedded_guard_skips_lengths_it_has_no_window_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = measure(small(None, lengths=(16, 512), rounds=2), ignore)
    (measurement,) = report.measurements
    assert [length.tokens for length in measurement.lengths] == [16]
    assert measurement.parity and measurement.parity.passed
    assert "skipped length 512: no window of 512 tokens" in capsys.readouterr().err


def test_engines_are_picked_by_name_or_artifact(tiny_bundle: Path) -> None:
    report = measure(small(tiny_bundle, engines=("onnx-fp32",), rounds=1), ignore)
    assert [m.artifact for m in report.measurements] == ["onnx-fp32"]


def test_an_engine_the_bundle_lacks_is_an_error_that_names_those_it_has(tiny_bundle: Path) -> None:
    with pytest.raises(EngineError, match=r"no artifact for 'coreml'; it has onnx-int8 \(onnx\)"):
        measure(small(tiny_bundle, engines=("onnx", "coreml")), ignore)


def test_no_bundle_and_no_length_are_errors(tiny_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError):
        measure(small(tmp_path), ignore)
    with pytest.raises(InputError, match="at most 40"):
        measure(small(tiny_bundle, lengths=(41, 512)), ignore)


def test_an_altered_artifact_is_named_and_the_other_measured(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    bundle = altered(tiny_bundle, tmp_path, "onnx/model.onnx")
    report = measure(small(bundle), ignore)
    assert [m.artifact for m in report.measurements] == ["onnx-int8"]
    assert report.incomplete is not None
    assert report.incomplete.startswith("onnx-fp32, 1 thread: onnx/model.onnx was altered")


def test_nothing_measured_is_an_error(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = altered(tiny_bundle, tmp_path, "onnx/model.onnx")
    with pytest.raises(EngineError, match="was altered"):
        measure(small(bundle, engines=("onnx-fp32",)), ignore)


class MortalCell(Cell):
    """The process of onnx-int8 is killed before its third round."""

    def take_round(self) -> None:
        if self.spec.name == "onnx-int8" and self._child and len(self._check_ms[0]) == 2:
            os.kill(self._child.pid, signal.SIGKILL)
        super().take_round()


def test_a_killed_process_leaves_what_it_measured(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "Cell", MortalCell)
    report = measure(small(tiny_bundle, rounds=4, sustained_seconds=0.4), ignore)
    killed, other = report.measurements
    assert [len(length.samples_ms) for length in killed.lengths] == [2, 2]
    assert killed.sustained is None and killed.parity is None
    assert [len(length.samples_ms) for length in other.lengths] == [4, 4]
    assert other.sustained and other.parity
    assert report.incomplete is not None
    assert "onnx-int8, 1 thread: its process was ended by SIGKILL" in report.incomplete


@pytest.mark.slow
def test_peers_run_the_same_weights(tiny_bundle: Path, tiny_guard: Path) -> None:
    report = measure(small(tiny_bundle, engines=("onnx-int8",), peers=tiny_guard), ignore)
    assert report.incomplete is None
    peers = {m.artifact: m for m in report.measurements if m.peer}
    assert peers.keys() == {"pytorch-eager", "optimum-fp32", "optimum-int8"}
    assert all(m.bytes > 1000 and len(m.lengths) == 2 for m in peers.values())
    assert {"torch", "transformers", "optimum"} <= report.device.versions.keys()
