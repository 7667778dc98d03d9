"""The recorded figures as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guardlet_benchmarks.device.markdown import lines
from guardlet_benchmarks.device.tables import Table
from guardlet_benchmarks.records import load_record

KINDS_BLOCK = "streaming"
SETTINGS_BLOCK = "streaming-settings"


def load_streaming(path: Path) -> dict[str, Any]:
    """A file written by `guardlet_benchmarks.streaming`. Raises DataError when it is not one."""
    return load_record(path, "streaming", {"schedule", "kinds", "settings"})


def kinds_table(recorded: Mapping[str, Any]) -> str:
    """One row a kind of response, at the schedule of the record."""
    head = ("response", "rows", "flagged in time", "tokens until then", "flagged too early")
    rows = (
        (
            item["kind"],
            str(item["rows"]),
            _percent(item["detected"]),
            _until(item),
            _percent(item["false_stops"]),
            _percent(item["full_check"]),
        )
        for item in recorded["kinds"]
    )
    return lines(Table((*head, "full check alone"), tuple(rows))) + "\n"


def settings_table(recorded: Mapping[str, Any]) -> str:
    """One row a schedule, over all kinds; that of the record in bold."""
    head = ("every", "context", "hits", "flagged in time", "tokens until then")
    rows = []
    for item in recorded["settings"]:
        context = "all that fits" if item["context"] is None else str(item["context"])
        cells = [str(item["every"]), context, str(item["hits"]), _percent(item["detected"])]
        cells += [_until(item), _percent(item["false_stops"]), f"{item['windows']:.1f}"]
        cells.append(f"{item['cost']:.1f}")
        chosen = all(item[name] == value for name, value in recorded["schedule"].items())
        rows.append(tuple(f"**{cell}**" for cell in cells) if chosen else tuple(cells))
    return lines(Table((*head, "flagged too early", "windows", "cost"), tuple(rows))) + "\n"


def _until(item: Mapping[str, Any]) -> str:
    median = item["tokens_until_detection_median"]
    return "-" if median is None else f"{median:.0f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
