"""Target `jvm`: the Kotlin library on this machine's JVM, a process for each artifact."""

from __future__ import annotations

import json
from dataclasses import replace

from guardlet.bundle import Bundle
from guardlet.jvm import run_harness
from guardlet_benchmarks.device.facts import thermal_state, this_machine, usable_cores
from guardlet_benchmarks.device.report import DeviceReport, parse_report
from guardlet_benchmarks.device.request import DeviceRequest, Progress
from guardlet_benchmarks.device.series import Step, kotlin_steps, measure_series

_THREADS = (1, 2, 4)


def measure(request: DeviceRequest, progress: Progress) -> DeviceReport:
    """Raises a BundleError, EngineError when Java or the built harness is missing or fails, or
    DataError when the harness gives a report of another form."""
    bundle = Bundle.open(request.bundle)
    threads = request.threads or tuple(n for n in _THREADS if n <= usable_cores())
    return measure_series(
        kotlin_steps(bundle, request, threads), lambda step: _run(bundle, step), progress
    )


def _run(bundle: Bundle, step: Step) -> DeviceReport:
    thermal = thermal_state()
    options = {
        "--artifact": step.artifact,
        "--threads": step.threads,
        "--lengths": ",".join(map(str, step.lengths)),
        "--rounds": step.rounds,
        "--seconds": step.seconds,
    }
    words = [str(word) for option in options.items() for word in option]
    tree = run_harness("benchmark", str(bundle.folder), *words)
    report = parse_report(json.dumps(tree), "the JVM harness's report")
    # A JVM knows less of the machine than Python, which runs on the same one.
    return replace(
        report, device=replace(this_machine((), thermal), versions=report.device.versions)
    )
