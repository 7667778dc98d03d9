"""`guardlet evaluate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from rich.table import Table

from guardlet.bundle import Bundle
from guardlet.cli.console import stdout, track
from guardlet.cli.plugins import PAGES, load_offer
from guardlet.files import write_text
from guardlet.guard import Guard

app = typer.Typer()
_FIGURES = ("f1", "precision", "recall", "fpr", "auprc", "auroc")


@app.command()
def evaluate(
    data: Annotated[list[Path], typer.Argument(help="Labelled .jsonl[.gz] files or folders.")],
    bundle: Annotated[Optional[Path], typer.Option(help="Default: the embedded guard.")] = None,
    engine: Annotated[Optional[str], typer.Option(help="Engine name or artifact id.")] = None,
    operating_point: Annotated[
        str, typer.Option("--operating-point", "-p", help="strict, balanced or lenient.")
    ] = "balanced",
    json_out: Annotated[
        Optional[Path], typer.Option("--json", help="Write the figures to this file.")
    ] = None,
    html: Annotated[
        Optional[Path], typer.Option(help="Write figures and curves as a web page.")
    ] = None,
    curves: Annotated[
        bool,
        typer.Option("--curves", help="Add precision-recall and calibration curves to the JSON."),
    ] = False,
) -> None:
    """Measure a guard on labelled data: F1, AUPRC, false-positive rate and more, per set."""
    from guardlet_training.evaluate import curves as curves_of
    from guardlet_training.evaluate import evaluate as run
    from guardlet_training.evaluate import expand, judge_sets, report

    write_page = load_offer(PAGES, "html") if html else None
    opened = Bundle.open(bundle)
    guard = Guard.load(opened, engine=engine, operating_point=operating_point)
    threshold = opened.manifest.score.operating_points[operating_point].threshold
    judged = judge_sets(guard, expand(data), track)
    results = run(judged, threshold)
    figures = report(guard, results, curves_of(judged, opened.manifest) if curves or html else None)
    table = Table("set", "rows", "harmful", *_FIGURES)
    for name, metrics in results.items():
        values = asdict(metrics)
        table.add_row(name, str(metrics.rows), str(metrics.harmful), *_cells(values))
    table.add_section()
    table.add_row("mean", "", "", *_cells(figures["mean"]))
    stdout().print(table)
    if json_out:
        write_text(json_out, json.dumps(figures, indent=2) + "\n")
    if write_page:
        write_page(html, None, figures)


def _cells(values: dict[str, Any]) -> list[str]:
    return ["-" if values.get(f) is None else f"{values[f]:.3f}" for f in _FIGURES]
