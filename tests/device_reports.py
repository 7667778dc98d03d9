"""Device reports for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from guardlet_benchmarks.device.report import (
    Device,
    DeviceReport,
    Measurement,
    Noise,
    Parity,
    Sustained,
)
from guardlet_benchmarks.device.statistics import summarise

MEASUREMENT = Measurement(
    artifact="onnx-int8",
    engine="onnx",
    precision="int8",
    threads=1,
    peer=False,
    bytes=24_000_000,
    load_ms=200.0,
    first_check_ms=20.0,
    lengths=tuple(summarise(n, [n / 10 + i / 100 for i in range(30)], [0.1]) for n in (32, 128)),
    memory_bytes=100_000_000,
    sustained=Sustained(128, 60.0, 1000, 30.0, 17.0, 16.5, 0.97),
    parity=Parity(264, 0, 0.06, 0.005, 2, 0.101, True),
)
REPORT = DeviceReport(
    runtime="python",
    created="2030-01-01T12:00:00Z",
    bundle="guardlet-mini@1.0.0",
    device=Device(
        name="Toaster 3000",
        os="Linux",
        processor="Crumb X1",
        cores=2,
        memory_bytes=2**33,
        power="mains",
        thermal="40 °C -> 48 °C",
        versions={"python": "3.11.7", "onnxruntime": "1.22.0"},
    ),
    noise=Noise(0.03, False),
    measurements=(MEASUREMENT,),
)


def with_measurement(**changes: Any) -> DeviceReport:
    """REPORT with fields of its measurement changed."""
    return replace(REPORT, measurements=(replace(MEASUREMENT, **changes),))
