"""Reports of several runs, one artifact at one number of threads each, as one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from guardlet.bundle import Bundle
from guardlet.engines import choose_artifact
from guardlet.errors import DataError, EngineError
from guardlet_benchmarks.device.report import DeviceReport, Noise
from guardlet_benchmarks.device.request import DeviceRequest, Progress

_KOTLIN_ENGINE = "onnx"


@dataclass(frozen=True)
class Step:
    """One run of the Kotlin library. `threads`: None for the device's own choice."""

    artifact: str
    threads: int | None
    lengths: tuple[int, ...]
    rounds: int
    seconds: float


def kotlin_steps(
    bundle: Bundle, request: DeviceRequest, threads: Sequence[int | None]
) -> list[Step]:
    """Every artifact asked for that Kotlin can run, at each number of threads; the long run's
    seconds are shared out. Raises EngineError when the bundle lacks what was asked."""
    for name in request.engines or ():
        choose_artifact(bundle, name)
    artifacts = [
        artifact.id
        for artifact in bundle.manifest.artifacts
        if artifact.engine == _KOTLIN_ENGINE
        and (request.engines is None or {artifact.id, artifact.engine} & set(request.engines))
    ]
    if not artifacts:
        raise EngineError(
            f"the Kotlin library runs engine {_KOTLIN_ENGINE} only, and "
            f"{bundle.manifest.label} has no such artifact among those asked for"
        )
    seconds = request.sustained_seconds / (len(artifacts) * len(threads))
    return [
        Step(artifact, number, request.lengths, request.rounds, seconds)
        for number in threads
        for artifact in artifacts
    ]


def measure_series(
    steps: Sequence[Step], run: Callable[[Step], DeviceReport], progress: Progress
) -> DeviceReport:
    """Runs one step after the other and tells `progress` of all so far after each. Raises what
    `run` does, and DataError when the reports are not of one bundle."""
    so_far = run(steps[0])
    progress(so_far)
    for step in steps[1:]:
        so_far = _joined(so_far, run(step))
        progress(so_far)
    return so_far


def _joined(first: DeviceReport, second: DeviceReport) -> DeviceReport:
    if (first.bundle, first.runtime) != (second.bundle, second.runtime):
        raise DataError(
            f"the device measured {first.bundle} and then {second.bundle}; measure one at a time"
        )
    device = replace(second.device, thermal=_from_to(first.device.thermal, second.device.thermal))
    joined = replace(first, device=device, noise=_noisier(first.noise, second.noise))
    return joined.adding(second.measurements)


def _from_to(before: str | None, after: str | None) -> str | None:
    """The beginning of one `none -> light` and the end of another."""
    if before is None or after is None:
        return before or after
    return f"{before.split(' -> ')[0]} -> {after.split(' -> ')[-1]}"


def _noisier(first: Noise | None, second: Noise | None) -> Noise | None:
    return max(filter(None, (first, second)), key=lambda noise: noise.spread, default=None)
