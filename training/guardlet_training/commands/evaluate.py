"""`guardlet evaluate`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.table import Table

from guardlet.bundle import DEFAULT_OPERATING_POINT, Bundle
from guardlet.cli.console import named_table, plain, stdout, track
from guardlet.cli.options import BundleOption, EngineOption, FiguresOption, PointOption
from guardlet.cli.plugins import PAGES, load_offer
from guardlet.files import write_text
from guardlet.guard import Guard

if TYPE_CHECKING:
    from guardlet_training.metrics import Metrics

app = typer.Typer()
_MOST_SHOWN = 20  # categories in the console; the JSON has them all
_FIGURES = ("f1", "precision", "recall", "fpr", "auprc", "auroc")


@app.command()
def evaluate(
    data: Annotated[
        list[Path],
        typer.Argument(
            help="Labelled .jsonl[.gz] files or folders; files of Do-Not-Answer, CyberSecEval 2."
        ),
    ],
    bundle: BundleOption = None,
    engine: EngineOption = None,
    operating_point: PointOption = DEFAULT_OPERATING_POINT,
    json_out: FiguresOption = None,
    html: Annotated[
        Optional[Path], typer.Option(help="Write figures and curves as a web page.")
    ] = None,
    curves: Annotated[
        bool,
        typer.Option("--curves", help="Add precision-recall and calibration curves to the JSON."),
    ] = False,
    by_category: Annotated[
        bool, typer.Option("--by-category", help="Figures by the rows' `category` as well.")
    ] = False,
) -> None:
    """Measure a guard on labelled data: F1, AUPRC, false-positive rate and more, per set."""
    from guardlet_training.evaluate import curves as curves_of
    from guardlet_training.evaluate import evaluate as run
    from guardlet_training.evaluate import evaluate_categories, expand, judge_sets, report

    write_page = load_offer(PAGES, "html") if html else None
    opened = Bundle.open(bundle)
    guard = Guard.load(opened, engine=engine, operating_point=operating_point)
    threshold = opened.manifest.score.operating_points[operating_point].threshold
    judged = judge_sets(guard, expand(data), track, by_category)
    results = run(judged, threshold)
    categories = evaluate_categories(judged, threshold)
    more = curves_of(judged, opened.manifest) if curves or html else None
    figures = report(guard, results, more, categories)
    table = named_table("set", "rows", "harmful", *_FIGURES)
    for name, metrics in results.items():
        values = asdict(metrics)
        table.add_row(name, str(metrics.rows), str(metrics.harmful), *_cells(values))
    table.add_section()
    table.add_row("mean", "", "", *_cells(figures["mean"]))
    stdout().print(table)
    for name, found in categories.items():
        for dimension, values in found.items():
            if len(values) <= _MOST_SHOWN:
                stdout().print(_category_table(f"{name}: {dimension}", values))
    if json_out:
        write_text(json_out, json.dumps(figures, indent=2) + "\n")
    if write_page:
        write_page(html, None, figures)


def _category_table(title: str, values: Mapping[str, Metrics]) -> Table:
    table = named_table(plain(title), "rows", "harmful", *_FIGURES)
    for value, metrics in values.items():
        counts = str(metrics.rows), str(metrics.harmful)
        table.add_row(plain(value), *counts, *_cells(asdict(metrics)))
    return table


def _cells(values: dict[str, Any]) -> list[str]:
    return ["-" if values.get(f) is None else f"{values[f]:.3f}" for f in _FIGURES]
