"""The page's part on a device report."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from guardlet_benchmarks.device.markdown import machine
from guardlet_benchmarks.device.report import (
    DeviceReport,
    LengthTimes,
    Measurement,
    threads_in_words,
)
from guardlet_benchmarks.device.tables import Table, calm, long_run, parity, summary, times
from guardlet_benchmarks.page.bars import bars
from guardlet_benchmarks.page.parts import Part, Section, Tile
from guardlet_benchmarks.page.plot import Axis, Canvas, Path, Plot, Series, log_axis

_WIDTH, _HEIGHT = 360, 290
_TYPICAL_TOKENS = 128
_DODGE = 6.0

Timed = tuple[Measurement, LengthTimes]


def device_part(report: DeviceReport) -> Part:
    """Headline, latency, size, start, memory, the long run and parity. An incomplete report gives
    the sections that it has figures for."""
    series = _series(report.measurements)
    facts = [*machine(report)]
    warnings = [f"incomplete: {report.incomplete}"] if report.incomplete else []
    if report.noise:
        (warnings if report.noise.noisy else facts).append(calm(report.noise))
    sections = (
        _latency(report, series),
        _size(report, series),
        _tabled("Load, first check and memory", summary(report), _LOAD),
        _tabled("Sustained run", long_run(report), _SUSTAINED),
        _tabled("Parity", parity(report), _PARITY),
        _tabled("All times", times(report), _TIMES, folded=True),
    )
    return Part(
        bundle=report.bundle,
        heading=f"On {report.device.name}",
        facts=tuple(facts),
        warnings=tuple(warnings),
        tiles=tuple(_tiles(report)),
        sections=tuple(section for section in sections if section),
    )


_LATENCY = (
    "Milliseconds of whole checks of one window, tokeniser included, by its length in tokens. "
    "A mark is the median (p50); from it the thick bar reaches p90 and the thin one p99. Both axes "
    "are logarithmic."
)
_PEERS = " Hollow marks and dashed lines are peers: other ways to run the same weights."
_LOAD = (
    "One run each. Load is from nothing loaded to ready to check, integrity check included; peak "
    "memory is above that of the process before loading."
)
_SUSTAINED = "Checks a second at the beginning and the end of one long run."
_PARITY = "Scores and verdicts against the bundle's golden vectors."
_TIMES = "Whole checks of one window; the interval is that of the median, by order statistics."


def _series(measurements: Sequence[Measurement]) -> dict[str, Series]:
    """One an artifact, whatever its threads, the guard's own first."""
    ordered = sorted(measurements, key=lambda m: m.peer)
    named = {m.artifact: m for m in ordered}
    return {
        name: Series(f"{name} (peer)" if m.peer else name, index, m.peer)
        for index, (name, m) in enumerate(named.items())
    }


def _latency(report: DeviceReport, series: dict[str, Series]) -> Section | None:
    """One plot a number of threads, all on the same axes."""
    timed = [m for m in report.measurements if m.lengths]
    lengths = [length for m in timed for length in m.lengths]
    if not lengths:
        return None
    tokens = sorted({length.tokens for length in lengths})
    x = log_axis("tokens", tokens, tokens)
    y = log_axis("ms", [v for t in lengths for v in (t.p50_ms, t.p99_ms)])
    plots = []
    for threads in sorted({m.threads for m in timed}):
        here = [m for m in timed if m.threads == threads]
        plots.append(_latency_plot(threads_in_words(threads), here, series, x, y))
    shown = {m.artifact for m in timed}
    return Section(
        heading="Latency by length and engine",
        text=_LATENCY + (_PEERS if any(m.peer for m in timed) else ""),
        plots=tuple(plots),
        legend=tuple(item for name, item in series.items() if name in shown),
    )


def _latency_plot(
    title: str, measured: list[Measurement], series: dict[str, Series], x: Axis, y: Axis
) -> Plot:
    canvas = Canvas(x, y, _WIDTH, _HEIGHT)
    paths: list[Path] = []
    for index, m in enumerate(measured):
        dodge = (index - (len(measured) - 1) / 2) * _DODGE
        paths += _latency_paths(canvas, m, series[m.artifact], dodge)
    told = (
        f"{series[m.artifact].name}: "
        + ", ".join(f"{t.p50_ms:.4g} ms at {t.tokens} tokens" for t in m.lengths)
        for m in measured
    )
    return Plot(
        title=title,
        description=f"Median by length. {'; '.join(told)}",
        width=_WIDTH,
        height=_HEIGHT,
        frame=canvas.frame(),
        paths=tuple(paths),
        caption=title,
    )


def _latency_paths(canvas: Canvas, m: Measurement, series: Series, dodge: float) -> Iterator[Path]:
    """The line of medians, then each length's bars and mark. Dodged, so that bars stay apart."""
    lengths = sorted(m.lengths, key=lambda t: t.tokens)
    yield canvas.line([(t.tokens, t.p50_ms) for t in lengths], f"line {series.classes}", dodge)
    for t in lengths:
        for name, upper in (("p99", t.p99_ms), ("p90", t.p90_ms)):
            ends = [(t.tokens, t.p50_ms), (t.tokens, upper)]
            yield canvas.line(ends, f"{name} {series.classes}", dodge)
        yield canvas.dot((t.tokens, t.p50_ms), series, dodge)


def _size(report: DeviceReport, series: dict[str, Series]) -> Section | None:
    """One bar an artifact, grouped by precision, the smallest first."""
    sized = {m.artifact: m for m in report.measurements}.values()
    ordered = sorted(sized, key=lambda m: (_smallest(m.precision, sized), m.bytes))
    if not ordered:
        return None
    rows = [
        (replace(item, name=f"{m.precision}: {item.name}"), m.bytes / 1e6)
        for m in ordered
        if (item := series[m.artifact])
    ]
    plot = bars("Size by precision", rows, lambda size: f"{size:.1f} MB", _WIDTH)
    return Section("Size by precision", "Model files on disk, in millions of bytes.", (plot,))


def _smallest(precision: str, measured: Collection[Measurement]) -> int:
    return min(m.bytes for m in measured if m.precision == precision)


def _tabled(heading: str, table: Table, text: str, folded: bool = False) -> Section | None:
    return Section(heading, text, table=table, folded=folded) if table.rows else None


def _tiles(report: DeviceReport) -> Iterator[Tile]:
    """Of the guard's own fastest artifact near a typical length."""
    timed = [(m, t) for m in report.measurements if not m.peer for t in m.lengths]
    if not timed:
        return
    m, t = min(timed, key=_typical_then_fast)
    yield Tile(f"{t.p50_ms:.3g} ms", f"median check of {t.tokens} tokens", _who(m))
    yield Tile(f"{m.bytes / 1e6:.1f} MB", "model files", m.artifact)
    if m.memory_bytes is not None:
        yield Tile(f"{m.memory_bytes / 1e6:.0f} MB", "peak memory", _who(m))
    if m.parity:
        flips = f"{m.parity.verdict_flips} of {m.parity.cases} golden verdicts differ"
        yield Tile("passed" if m.parity.passed else "FAILED", "parity", flips)


def _typical_then_fast(timed: Timed) -> tuple[int, float]:
    return abs(timed[1].tokens - _TYPICAL_TOKENS), timed[1].p50_ms


def _who(m: Measurement) -> str:
    return f"{m.artifact}, {threads_in_words(m.threads)}"
