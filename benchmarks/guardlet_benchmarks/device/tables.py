"""The tables of a device report, whatever they are shown with: console, Markdown or README."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from guardlet_benchmarks.device.compare import Comparison, Row
from guardlet_benchmarks.device.report import DeviceReport, LengthTimes, Measurement, Noise

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Names of the columns and rows as long."""

    head: Cells
    rows: tuple[Cells, ...]


def summary(report: DeviceReport) -> Table:
    """One row an artifact and number of threads: size, load, memory and the median by length."""
    lengths = sorted({length.tokens for m in report.measurements for length in m.lengths})
    head = ("artifact", "threads", "MB", "load ms", "first check ms", "peak MB")
    medians = (f"p50 ms at {tokens}" for tokens in lengths)
    rows = (tuple(_summary(m, lengths)) for m in report.measurements)
    return Table((*head, *medians), tuple(rows))


def times(report: DeviceReport) -> Table:
    """One row a length."""
    head = ("artifact", "threads", "tokens", "p50 ms", "95 % interval", "p90", "p95", "p99")
    rows = ((*_who(m), *_times(length)) for m in report.measurements for length in m.lengths)
    return Table((*head, "tokeniser ms", "checks/s"), tuple(rows))


def long_run(report: DeviceReport) -> Table:
    """Rates at the beginning and the end of the long run."""
    rows = (
        (
            *_who(m),
            str(run.tokens),
            f"{run.seconds:.0f}",
            f"{run.first_per_second:.1f}",
            f"{run.last_per_second:.1f}",
            f"{run.retention:.1%}",
        )
        for m in report.measurements
        if (run := m.sustained)
    )
    head = ("long run", "threads", "tokens", "seconds", "checks/s first", "last", "retention")
    return Table(head, tuple(rows))


def parity(report: DeviceReport) -> Table:
    """Deltas to the golden vectors."""
    rows = (
        (
            *_who(m),
            str(found.cases),
            str(found.token_mismatches),
            f"{found.max_score_delta:.4f} (limit {found.tolerance:g})",
            f"{found.mean_score_delta:.5f}",
            str(found.verdict_flips),
            "ok" if found.passed else "FAILED",
        )
        for m in report.measurements
        if (found := m.parity)
    )
    deltas = ("max score delta", "mean", "flips", "result")
    return Table(("parity", "threads", "cases", "token mismatches", *deltas), tuple(rows))


def compared(comparison: Comparison) -> Table:
    """What changed most, beyond its band, comes first."""
    rows = sorted(comparison.rows, key=lambda row: row.band - row.change)
    head = ("artifact", "figure", "old", "new", "worse by", "noise band", "result")
    return Table(head, tuple((row.what, row.figure, *_figures(row)) for row in rows))


def calm(noise: Noise) -> str:
    """One sentence on how steady the machine was."""
    verdict = "noisy: compare these figures with care" if noise.noisy else "calm"
    return f"the machine was {verdict} (a fixed piece of work spread by {noise.spread:.1%})"


def _figures(row: Row) -> Cells:
    unit = f" {row.unit}" if row.unit else ""
    change = f"{row.change:+.1%}" if math.isfinite(row.change) else "from none"
    result = "REGRESSED" if row.regressed else "better" if row.improved else "same"
    return f"{row.old:.4g}{unit}", f"{row.new:.4g}{unit}", change, f"{row.band:.1%}", result


def _who(measurement: Measurement) -> Cells:
    name = f"{measurement.artifact} (peer)" if measurement.peer else measurement.artifact
    return name, str(measurement.threads)


def _summary(m: Measurement, lengths: list[int]) -> Iterator[str]:
    medians = {length.tokens: f"{length.p50_ms:.2f}" for length in m.lengths}
    yield from (*_who(m), f"{m.bytes / 1e6:.1f}", f"{m.load_ms:.0f}", f"{m.first_check_ms:.1f}")
    yield "-" if m.memory_bytes is None else f"{m.memory_bytes / 1e6:.0f}"
    yield from (medians.get(tokens, "-") for tokens in lengths)


def _times(length: LengthTimes) -> Iterator[str]:
    interval = length.p50_interval_ms
    yield from (str(length.tokens), f"{length.p50_ms:.2f}")
    yield f"{interval[0]:.2f} to {interval[1]:.2f}" if interval else "-"
    yield from (f"{value:.2f}" for value in (length.p90_ms, length.p95_ms, length.p99_ms))
    yield "-" if length.tokenizer_ms is None else f"{length.tokenizer_ms:.3f}"
    yield "-" if length.checks_per_second is None else f"{length.checks_per_second:.1f}"
