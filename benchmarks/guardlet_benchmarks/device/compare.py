"""Two device reports side by side: what became worse by more than the noise of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardlet_benchmarks.device.report import (
    DeviceReport,
    LengthTimes,
    Measurement,
    Parity,
    threads_in_words,
)

LEAST_BAND = 0.1
SIZE_BAND = 0.01
LOAD_BAND = 0.5  # timed once, and the disk's cache decides most of it
PARITY_BAND = 0.0


@dataclass(frozen=True)
class Row:
    """One figure then and now, in `unit`. `band` is the relative change that counts as noise;
    `change` is relative too, above 0 when the figure became worse."""

    what: str
    figure: str
    unit: str
    old: float
    new: float
    band: float
    more_is_worse: bool = True

    @property
    def change(self) -> float:
        old, new = (self.old, self.new) if self.more_is_worse else (self.new, self.old)
        if old == new:
            return 0.0
        return new / old - 1 if old else float("inf")

    @property
    def regressed(self) -> bool:
        return self.change > self.band

    @property
    def improved(self) -> bool:
        return self.change < -self.band


@dataclass(frozen=True)
class Comparison:
    """`notes` say in words what the rows cannot: another device, something not measured again."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.regressed)


def compare(old: DeviceReport, new: DeviceReport) -> Comparison:
    """Artifacts measured in both, with the same number of threads. Peers are left out: they are
    nobody's regression."""
    before, after = _by_cell(old), _by_cell(new)
    spread = max((r.noise.spread for r in (old, new) if r.noise), default=0.0)
    rows = [
        row
        for cell, measurement in after.items()
        if cell in before
        for row in _rows(before[cell], measurement, spread)
    ]
    return Comparison(tuple(rows), tuple(_notes(old, new)))


def _rows(old: Measurement, new: Measurement, spread: float) -> Iterator[Row]:
    what = _label(new)
    timed = max(LEAST_BAND, spread)
    yield Row(what, "file size", "MB", old.bytes / 1e6, new.bytes / 1e6, SIZE_BAND)
    once = max(LOAD_BAND, spread)
    yield Row(what, "load", "ms", old.load_ms, new.load_ms, once)
    yield Row(what, "first check", "ms", old.first_check_ms, new.first_check_ms, once)
    if old.memory_bytes is not None and new.memory_bytes is not None:
        memory = old.memory_bytes / 1e6, new.memory_bytes / 1e6
        yield Row(what, "peak memory", "MB", *memory, LEAST_BAND)
    before = {length.tokens: length for length in old.lengths}
    for length in new.lengths:
        if length.tokens in before:
            yield _median(what, before[length.tokens], length, spread)
    if old.sustained and new.sustained:
        kept = old.sustained.retention, new.sustained.retention
        yield Row(what, "retention", "", *kept, timed, more_is_worse=False)
    if old.parity and new.parity:
        yield from _parity(what, old.parity, new.parity)


def _median(what: str, old: LengthTimes, new: LengthTimes, spread: float) -> Row:
    band = max(LEAST_BAND, _half_interval(old) + _half_interval(new), spread)
    return Row(what, f"p50 at {new.tokens} tokens", "ms", old.p50_ms, new.p50_ms, band)


def _half_interval(length: LengthTimes) -> float:
    """Half the width of the median's interval over the median; 0 where it has none."""
    if length.p50_interval_ms is None or not length.p50_ms:
        return 0.0
    low, high = length.p50_interval_ms
    return (high - low) / 2 / length.p50_ms


def _parity(what: str, old: Parity, new: Parity) -> Iterator[Row]:
    failed = float(not old.passed), float(not new.passed)
    yield Row(what, "parity failed", "", *failed, PARITY_BAND)
    yield Row(what, "verdict flips", "", old.verdict_flips, new.verdict_flips, PARITY_BAND)


def _notes(old: DeviceReport, new: DeviceReport) -> Iterator[str]:
    if old.bundle != new.bundle:
        yield f"different bundles: {old.bundle}, now {new.bundle}"
    devices = [f"{r.runtime} on {r.device.name}, {r.device.processor}" for r in (old, new)]
    if devices[0] != devices[1]:
        yield f"different devices: {devices[0]}; now {devices[1]}"
    for name, report in (("the old report", old), ("the new report", new)):
        if report.noise and report.noise.noisy:
            yield f"{name} comes from a noisy machine (spread {report.noise.spread:.0%})"
        if report.incomplete:
            yield f"{name} is incomplete: {report.incomplete}"
    before, after = _by_cell(old), _by_cell(new)
    lost = [_label(before[cell]) for cell in before if cell not in after]
    if lost:
        yield f"not measured this time: {'; '.join(lost)}"
    if not before.keys() & after.keys():
        yield "nothing was measured in both reports"


def _by_cell(report: DeviceReport) -> dict[tuple[str, int], Measurement]:
    return {(m.artifact, m.threads): m for m in report.measurements if not m.peer}


def _label(measurement: Measurement) -> str:
    return f"{measurement.artifact}, {threads_in_words(measurement.threads)}"
