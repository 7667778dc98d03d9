"""Target `ios-file`: a report that the iOS demo measured and shared."""

from __future__ import annotations

from pathlib import Path

from guardlet.errors import DataError
from guardlet_benchmarks.device.report import DeviceReport, load_report
from guardlet_benchmarks.device.request import DeviceRequest, Progress

_RUNTIME = "ios"


def measure(request: DeviceRequest, progress: Progress, file: Path) -> DeviceReport:
    """The report in `file` as it is: what the app measured was chosen in the app, not in
    `request`. Raises DataError when it is not a report of the iOS demo."""
    report = load_report(file)
    if report.runtime != _RUNTIME:
        raise DataError(
            f"{file.name} was measured by the {report.runtime} runtime; --target ios-file reads "
            "the report that the iOS demo's benchmark screen shares"
        )
    progress(report)
    return report
