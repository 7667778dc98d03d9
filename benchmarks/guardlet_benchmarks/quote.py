"""A recorded table in a text: times of a device report, or what guards cost.

python -m guardlet_benchmarks.quote README.md [REPORT.json]
python -m guardlet_benchmarks.quote docs/cost.md --cost [COST.json]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from guardlet.files import replacing
from guardlet_benchmarks.cost.table import COST, RECORDED_COST, cost_table, load_cost
from guardlet_benchmarks.device.markdown import lines
from guardlet_benchmarks.device.report import DeviceReport, load_report
from guardlet_benchmarks.device.tables import calm, summary
from guardlet_export.marked import replace_block

DEVICE = "device"
RECORDED_DEVICE = Path("benchmarks/results/devices/guardlet-mini.json")
_QUOTED = ("onnxruntime", "executorch")


def quoted(report: DeviceReport) -> str:
    """The summary as Markdown, and what it was measured on."""
    device = report.device
    engines = [f"{name} {device.versions[name]}" for name in _QUOTED if name in device.versions]
    facts = [report.bundle, device.processor, *engines, report.created[:10]]
    calmness = f"; {calm(report.noise)}" if report.noise else ""
    return f"{lines(summary(report))}\n\n{', '.join(facts)}{calmness}.\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Raises DataError when the report or the block in the file is not what it must be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="file with <!-- device --> or <!-- cost --> marks")
    parser.add_argument("report", type=Path, nargs="?", default=RECORDED_DEVICE)
    parser.add_argument(
        "--cost", type=Path, nargs="?", const=RECORDED_COST, help="costs instead of a report"
    )
    options = parser.parse_args(arguments)
    if options.cost:
        name, table = COST, cost_table(load_cost(options.cost))
    else:
        name, table = DEVICE, quoted(load_report(options.report))
    text = replace_block(options.file.read_text(encoding="utf-8"), name, table)
    with replacing(options.file) as file:
        file.write(text)


if __name__ == "__main__":
    main()
