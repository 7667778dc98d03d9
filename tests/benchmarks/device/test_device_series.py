"""Several runs of the Kotlin library as one report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from device_reports import MEASUREMENT, REPORT

from guardlet import Bundle
from guardlet.errors import DataError, EngineError
from guardlet_benchmarks.device.report import DeviceReport, Noise
from guardlet_benchmarks.device.request import DeviceRequest
from guardlet_benchmarks.device.series import Step, kotlin_steps, measure_series

STEPS = [Step(name, 1, (32,), 3, 0.0) for name in ("a", "b", "c")]


def test_the_long_run_is_shared_out(tiny_bundle: Path) -> None:
    request = DeviceRequest(tiny_bundle, sustained_seconds=60.0)
    steps = kotlin_steps(Bundle.open(tiny_bundle), request, (1, 2, 4))
    assert len(steps) == 6 and {step.seconds for step in steps} == {10.0}


@pytest.mark.parametrize("engines", [("executorch",), ("onnx", "onnx-int3")])
def test_an_artifact_the_bundle_lacks_is_an_error(
    tiny_bundle: Path, engines: tuple[str, ...]
) -> None:
    with pytest.raises(EngineError, match=engines[-1]):
        kotlin_steps(Bundle.open(tiny_bundle), DeviceRequest(engines=engines), (1,))


def test_the_device_got_warmer_and_the_noisiest_run_counts() -> None:
    thermals = iter(["none -> none", "none -> light", "light -> severe"])
    noises = iter([Noise(0.01, False), Noise(0.5, True), None])

    def run(step: Step) -> DeviceReport:
        device = replace(REPORT.device, thermal=next(thermals))
        found = (replace(MEASUREMENT, artifact=step.artifact),)
        return replace(REPORT, device=device, noise=next(noises), measurements=found)

    report = measure_series(STEPS, run, lambda _: None)
    assert [m.artifact for m in report.measurements] == ["a", "b", "c"]
    assert report.device.thermal == "none -> severe"
    assert report.noise == Noise(0.5, True)


def test_a_bundle_that_changes_between_two_runs_is_an_error() -> None:
    bundles = iter(["guard@1.0.0", "guard@1.0.1"])
    seen: list[DeviceReport] = []
    with pytest.raises(DataError, match=r"guard@1\.0\.0 and then guard@1\.0\.1"):
        measure_series(STEPS, lambda _: replace(REPORT, bundle=next(bundles)), seen.append)
    assert len(seen) == 1
