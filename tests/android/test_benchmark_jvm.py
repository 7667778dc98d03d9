"""`benchmark-device --target jvm`: the library's own figures, counted as Python counts them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from android_helpers import has_default_bundle, needs_jvm

from guardlet.bundle import default_bundle
from guardlet.errors import EngineError
from guardlet.jvm import HARNESS_VARIABLE, run_harness
from guardlet_benchmarks.device.jvm import measure
from guardlet_benchmarks.device.report import DeviceReport, LengthTimes, parse_report
from guardlet_benchmarks.device.request import DeviceRequest
from guardlet_benchmarks.device.statistics import summarise

BRIEF = ["--threads", "1", "--rounds", "2"]


@pytest.fixture
def built(harness: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HARNESS_VARIABLE, str(harness))
    return harness


def check_figures(times: LengthTimes) -> None:
    """Quantiles and the median's interval follow from the samples as in Python."""
    again = summarise(times.tokens, times.samples_ms)
    for name in ("p50_ms", "p90_ms", "p95_ms", "p99_ms", "p50_interval_ms"):
        assert getattr(times, name) == getattr(again, name)
    assert times.checks_per_second == pytest.approx(again.checks_per_second, rel=1e-3, abs=0.01)
    assert 0 < (times.tokenizer_ms or 0) < times.p99_ms


@pytest.mark.slow
@needs_jvm
@pytest.mark.skipif(not has_default_bundle(), reason="this checkout has no embedded guard")
def test_the_embedded_guard_is_measured_whole(built: Path) -> None:
    steps: list[DeviceReport] = []
    request = DeviceRequest(lengths=(64, 16), threads=(1,), rounds=12, sustained_seconds=0.4)
    report = measure(request, steps.append)
    assert report == steps[-1] and report.runtime == "jvm" and report.incomplete is None
    assert parse_report(json.dumps(report.to_json()), "report") == report
    artifacts = json.loads((default_bundle() / "guardlet.json").read_text())["artifacts"]
    onnx = [artifact["id"] for artifact in artifacts if artifact["engine"] == "onnx"]
    assert [measurement.artifact for measurement in report.measurements] == onnx
    for measurement in report.measurements:
        assert measurement.load_ms > 0 and measurement.first_check_ms > 0
        assert [times.tokens for times in measurement.lengths] == [16, 64]
        for times in measurement.lengths:
            assert len(times.samples_ms) == 12 and times.p50_interval_ms
            check_figures(times)
        assert measurement.sustained and measurement.sustained.tokens == 64
        assert measurement.parity and measurement.parity.passed and measurement.parity.cases > 100
    assert report.noise and report.device.versions["onnxruntime"] and report.device.versions["java"]


@pytest.mark.slow
@needs_jvm
@pytest.mark.parametrize("name", ["wordpiece", "unigram"])
def test_lengths_are_met_with_any_tokenizer(fixtures: Path, built: Path, name: str) -> None:
    lengths = "64,16,16,512,5"
    tree = run_harness("benchmark", str(fixtures / name), *BRIEF, "--lengths", lengths)
    report = parse_report(json.dumps(tree), "report")
    (measurement,) = report.measurements
    assert [times.tokens for times in measurement.lengths] == [5, 16, 64]
    assert measurement.artifact == "onnx-int8" and measurement.sustained is None
    assert "old river" not in json.dumps(tree)


@pytest.mark.slow
@needs_jvm
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--lengths", "2,4096"], "InputError: no asked length fits"),
        (["--artifact", "coreml"], "EngineError: .* no artifact for 'coreml'"),
        (["--rounds", "0"], "--rounds N"),
        (["--runs", "3"], "--rounds N"),
        (["--seconds", "NaN"], "--rounds N"),
    ],
)
def test_what_cannot_be_measured_says_why(
    fixtures: Path, built: Path, options: list[str], reason: str
) -> None:
    with pytest.raises(EngineError, match=reason):
        run_harness("benchmark", str(fixtures / "wordpiece"), *options)


@pytest.mark.skipif(not has_default_bundle(), reason="this checkout has no embedded guard")
def test_without_the_harness_the_error_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HARNESS_VARIABLE, str(tmp_path / "none.jar"))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(EngineError, match="mvn -f android-demo package"):
        measure(DeviceRequest(), lambda _: None)
