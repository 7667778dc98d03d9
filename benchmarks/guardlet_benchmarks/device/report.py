"""The device report: one JSON form for every target (schema.json, docs/device-report.md)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema

from guardlet.errors import DataError

FORMAT_VERSION = 1
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Device:
    """What was measured on. None where the platform does not tell."""

    name: str
    os: str
    processor: str
    cores: int
    memory_bytes: int | None = None
    power: str | None = None
    thermal: str | None = None
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Noise:
    """Relative spread of a fixed piece of work timed between rounds."""

    spread: float
    noisy: bool


@dataclass(frozen=True)
class LengthTimes:
    """Milliseconds of whole checks of one window of `tokens` tokens, in the order taken."""

    tokens: int
    samples_ms: tuple[float, ...]
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    p50_interval_ms: tuple[float, float] | None = None
    tokenizer_ms: float | None = None
    checks_per_second: float | None = None


@dataclass(frozen=True)
class Sustained:
    """Rates at the beginning and the end of one long run, and their ratio."""

    tokens: int
    seconds: float
    checks: int
    window_seconds: float
    first_per_second: float
    last_per_second: float
    retention: float


@dataclass(frozen=True)
class Parity:
    """Deltas to the golden vectors, as `guardlet verify` counts them."""

    cases: int
    token_mismatches: int
    max_score_delta: float
    mean_score_delta: float
    verdict_flips: int
    tolerance: float
    passed: bool


@dataclass(frozen=True)
class Measurement:
    """One artifact (or peer) at one number of threads."""

    artifact: str
    engine: str
    precision: str
    threads: int
    peer: bool
    bytes: int
    load_ms: float
    first_check_ms: float
    lengths: tuple[LengthTimes, ...]
    memory_bytes: int | None = None
    sustained: Sustained | None = None
    parity: Parity | None = None


@dataclass(frozen=True)
class DeviceReport:
    """`runtime`: python, jvm, android or ios. `incomplete`: why the run ended early, if it did."""

    runtime: str
    created: str
    bundle: str
    device: Device
    noise: Noise | None
    measurements: tuple[Measurement, ...]
    incomplete: str | None = None

    def to_json(self) -> dict[str, Any]:
        tree: dict[str, Any] = {"format": FORMAT_VERSION, "kind": "benchmark", **asdict(self)}
        plain: dict[str, Any] = json.loads(json.dumps(tree, allow_nan=False))
        _check(plain, "the report")
        return plain

    def adding(self, measurements: Sequence[Measurement]) -> DeviceReport:
        return replace(self, measurements=(*self.measurements, *measurements))


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a device report."""
    text = (files("guardlet_benchmarks.device") / "schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def load_report(path: Path) -> DeviceReport:
    """Raises DataError, naming the file and what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the report {path.name}: {type(error).__name__}") from None
    return parse_report(text, path.name)


def parse_report(text: str, name: str) -> DeviceReport:
    """Raises DataError when the text is not a device report of this format."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(f"{name} is not JSON; is it a benchmark-device report?") from None
    _check(tree, name)
    return DeviceReport(
        runtime=tree["runtime"],
        created=tree["created"],
        bundle=tree["bundle"],
        device=Device(**tree["device"]),
        noise=Noise(**tree["noise"]) if tree["noise"] else None,
        measurements=tuple(_measurement(item) for item in tree["measurements"]),
        incomplete=tree["incomplete"],
    )


def threads_in_words(number: int) -> str:
    """As `1 thread` or `2 threads`."""
    return "1 thread" if number == 1 else f"{number} threads"


def _check(tree: Any, name: str) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    for error in validator.iter_errors(tree):
        where = "/".join(map(str, error.absolute_path)) or "the top level"
        raise DataError(
            f"{name} is not a device report of format {FORMAT_VERSION}: {where}: "
            f"{error.message[:_LONGEST_REASON]}; write it again with this version"
        )


def _measurement(tree: dict[str, Any]) -> Measurement:
    sustained, parity = tree.get("sustained"), tree.get("parity")
    return Measurement(
        **{
            **tree,
            "lengths": tuple(_length(item) for item in tree["lengths"]),
            "sustained": Sustained(**sustained) if sustained else None,
            "parity": Parity(**parity) if parity else None,
        }
    )


def _length(tree: dict[str, Any]) -> LengthTimes:
    interval = tree.get("p50_interval_ms")
    return LengthTimes(
        **{
            **tree,
            "samples_ms": tuple(tree["samples_ms"]),
            "p50_interval_ms": (interval[0], interval[1]) if interval else None,
        }
    )
