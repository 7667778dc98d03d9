"""The model card of a bundle and the README's result table, both from recorded evaluations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guardlet.bundle import Manifest
from guardlet.errors import DataError

Report = Mapping[str, Any]
_FIGURES = {"auprc": "AUPRC", "f1": "F1", "recall": "recall", "fpr": "FPR"}
RESULTS = "results"  # the block of a README that holds the table


def load_report(path: Path) -> Report:
    """A JSON written by `guardlet evaluate --json`. Raises DataError when it is not one."""
    try:
        report: Report = json.loads(path.read_text(encoding="utf-8"))
        report["datasets"], report["mean"], report["engine"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} is not an evaluation written by `guardlet evaluate`") from None
    return report


def results_table(reports: Sequence[Report]) -> str:
    """A Markdown table: one row a set, the engines of the reports side by side in each cell.

    Raises DataError when the reports are not of the same sets.
    """
    if any(report["datasets"].keys() != reports[0]["datasets"].keys() for report in reports):
        raise DataError("the evaluations are of different sets; run them on the same files")
    engines = " / ".join(report["engine"] for report in reports)
    lines = [
        f"| set ({engines}) | rows | " + " | ".join(_FIGURES.values()) + " |",
        "|---|---" + "|---" * len(_FIGURES) + "|",
    ]
    for name, first in reports[0]["datasets"].items():
        cells = [_cell([r["datasets"][name] for r in reports], figure) for figure in _FIGURES]
        lines.append(f"| {name} | {first['rows']} | " + " | ".join(cells) + " |")
    cells = [_cell([r["mean"] for r in reports], figure) for figure in _FIGURES]
    lines.append("| **mean** | | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def render_card(manifest: Manifest, reports: Sequence[Report], limits: str) -> str:
    """The text of a bundle's README.md, with a Hugging Face YAML header."""
    points = "\n".join(
        f"| {name} | {point.threshold:g} | {point.rule} |"
        for name, point in manifest.score.operating_points.items()
    )
    sources = "\n".join(f"- {item['name']} ({item['license']})" for item in manifest.sources)
    counts = manifest.provenance.get("data", {}).get("counts", {})
    rows = ", ".join(f"{count} {name}" for name, count in counts.items())
    fitted = ", ".join(manifest.score.operating_points["balanced"].fitted_on)
    return f"""---
license: {manifest.license.lower()}
language: [{", ".join(manifest.languages)}]
pipeline_tag: text-classification
tags: [safety, guardrail, moderation, deberta, guardlet]
---
# {manifest.label}

{manifest.description}

Label {manifest.score.harmful_index} is harmful. Windows of {manifest.input.max_tokens} tokens; see
the bundle format for how longer text is read. Temperature {manifest.score.temperature:g}, response
bias {manifest.score.response_bias:g}.

## Figures at `balanced`

The operating points were fitted on these sets, so the figures say how well the guard separates
them, not how well it does on text it has never been tuned to.

{results_table(reports)}
## Operating points

| name | harmful from | rule |
|---|---|---|
{points}

Fitted on {fitted}.

## Training data

{rows}.

{sources}

{limits}"""


def _cell(values: Sequence[Mapping[str, Any]], figure: str) -> str:
    numbers = [value.get(figure) for value in values]
    return "-" if None in numbers else " / ".join(f"{number:.3f}" for number in numbers)
