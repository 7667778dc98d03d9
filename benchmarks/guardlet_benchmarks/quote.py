"""Tables of the documentation, from recorded results.

python -m guardlet_benchmarks.quote README.md docs/streaming.md docs/scan.md docs/cost.md
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from guardlet.errors import DataError
from guardlet.files import replacing
from guardlet_benchmarks.cost.table import COST_BLOCK, cost_table, load_cost
from guardlet_benchmarks.device.markdown import lines
from guardlet_benchmarks.device.report import DeviceReport, load_report
from guardlet_benchmarks.device.tables import calm, summary
from guardlet_benchmarks.mixtures import SCREENING_BLOCK, load_screening, screening_table
from guardlet_benchmarks.streaming.tables import (
    KINDS_BLOCK,
    SETTINGS_BLOCK,
    kinds_table,
    load_streaming,
    settings_table,
)
from guardlet_export.marked import replace_block

FOLDER = Path("benchmarks/results")
_QUOTED = ("onnxruntime", "executorch")


@dataclass(frozen=True)
class Quote:
    """A table that stands in a block of that name, and the results it is made of."""

    file: str
    table: Callable[[Path], str]


def device_table(report: DeviceReport) -> str:
    """The summary as Markdown, and what it was measured on."""
    device = report.device
    engines = [f"{name} {device.versions[name]}" for name in _QUOTED if name in device.versions]
    facts = [report.bundle, device.processor, *engines, report.created[:10]]
    calmness = f"; {calm(report.noise)}" if report.noise else ""
    return f"{lines(summary(report))}\n\n{', '.join(facts)}{calmness}.\n"


QUOTES: Mapping[str, Quote] = {
    "device": Quote("devices/guardlet-mini.json", lambda path: device_table(load_report(path))),
    KINDS_BLOCK: Quote(
        "guardlet-mini/streaming.json", lambda path: kinds_table(load_streaming(path))
    ),
    SETTINGS_BLOCK: Quote(
        "guardlet-mini/streaming.json", lambda path: settings_table(load_streaming(path))
    ),
    SCREENING_BLOCK: Quote(
        "guardlet-mini/screening.json", lambda path: screening_table(load_screening(path))
    ),
    COST_BLOCK: Quote("cost.json", lambda path: cost_table(load_cost(path))),
}


def quoted(text: str, results: Path) -> str:
    """`text` with its blocks of QUOTES written anew from the folder of results. Raises DataError
    when it has none, or a file is not what it must be."""
    found = [name for name in QUOTES if f"<!-- {name} -->" in text]
    if not found:
        blocks = ", ".join(f"<!-- {name} -->" for name in QUOTES)
        raise DataError(f"the file has no block to write; it may have {blocks}")
    for name in found:
        text = replace_block(text, name, QUOTES[name].table(results / QUOTES[name].file))
    return text


def main(arguments: Sequence[str] | None = None) -> None:
    """Raises DataError as `quoted`; the files before that one are written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--results", type=Path, default=FOLDER, metavar="FOLDER")
    options = parser.parse_args(arguments)
    for path in options.files:
        text = quoted(path.read_text(encoding="utf-8"), options.results)
        with replacing(path) as file:
            file.write(text)


if __name__ == "__main__":
    main()
