"""A device report, or two compared, as Markdown for a pull request or a release."""

from __future__ import annotations

from collections.abc import Iterator

from guardlet_benchmarks.device.compare import Comparison
from guardlet_benchmarks.device.report import DeviceReport
from guardlet_benchmarks.device.tables import (
    Table,
    calm,
    compared,
    long_run,
    parity,
    summary,
    times,
)


def markdown(report: DeviceReport) -> str:
    """What was measured on what; then sizes, times by length, the long run and parity."""
    heading = f"## {_inline(report.bundle)} on {_inline(report.device.name)}"
    bullets = "\n".join(f"- {_inline(line)}" for line in about(report))
    tables = (summary(report), times(report), long_run(report), parity(report))
    return "\n\n".join([heading, bullets, *(lines(item) for item in tables if item.rows)]) + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """How many figures regressed, what to know about the two, and every figure."""
    count = len(comparison.regressions)
    parts = [f"## Compared: {count} regression{'' if count == 1 else 's'}"]
    if comparison.notes:
        parts.append("\n".join(f"- {_inline(note)}" for note in comparison.notes))
    if comparison.rows:
        parts.append(lines(compared(comparison)))
    return "\n\n".join(parts) + "\n"


def about(report: DeviceReport) -> Iterator[str]:
    """Lines on the device, the software, and how far the figures can be trusted."""
    yield from machine(report)
    if report.noise:
        yield calm(report.noise)
    if report.incomplete:
        yield f"incomplete: {report.incomplete}"


def machine(report: DeviceReport) -> Iterator[str]:
    """Lines on what ran where and when."""
    device = report.device
    memory = f", {device.memory_bytes / 2**30:.0f} GiB" if device.memory_bytes else ""
    yield f"{report.runtime}, {report.created}, {device.os}"
    yield f"{device.processor}, {device.cores} cores{memory}"
    if device.versions:
        yield ", ".join(f"{name} {version}" for name, version in device.versions.items())
    told = {"power": device.power, "thermal": device.thermal}
    yield from (f"{name}: {state}" for name, state in told.items() if state)


def lines(table: Table) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    ruler = ("---", *["---:"] * (len(table.head) - 1))
    rows = (table.head, ruler, *(tuple(map(_inline, row)) for row in table.rows))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _inline(text: str) -> str:
    """One line that ends no cell, whatever a report holds."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
