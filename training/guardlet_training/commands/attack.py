"""`guardlet attack`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from guardlet.bundle import DEFAULT_OPERATING_POINT
from guardlet.cli.console import named_table, stdout, track
from guardlet.cli.options import (
    BundleOption,
    EngineOption,
    FiguresOption,
    NormaliseOption,
    PointOption,
)
from guardlet.cli.plugins import PAGES, load_offer
from guardlet.files import write_text
from guardlet.guard import Guard

app = typer.Typer()


@app.command()
def attack(
    data: Annotated[list[Path], typer.Argument(help="Labelled .jsonl[.gz] files or folders.")],
    transforms: Annotated[
        str, typer.Option(help="all, or names with commas; see docs/robustness.md.")
    ] = "all",
    bundle: BundleOption = None,
    engine: EngineOption = None,
    operating_point: PointOption = DEFAULT_OPERATING_POINT,
    rows: Annotated[
        Optional[int], typer.Option(min=1, help="At most so many of each class; default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws rows and what is random in a transform.")] = 0,
    normalise: NormaliseOption = False,
    json_out: FiguresOption = None,
    html: Annotated[
        Optional[Path],
        typer.Option(help="Measure with and without --normalise, and write both as a web page."),
    ] = None,
) -> None:
    """Rewrite labelled texts as attackers do and count what a guard still finds."""
    from guardlet_training.attacks import choose
    from guardlet_training.attacks.measure import MODES, measure_modes, sample_rows
    from guardlet_training.evaluate import expand

    def load(normalised: bool) -> Guard:
        return Guard.load(bundle, engine, operating_point=operating_point, normalise=normalised)

    write_page = load_offer(PAGES, "html") if html else None
    chosen = choose(transforms)
    drawn = sample_rows(list(expand(data).values()), rows, seed)
    reports = measure_modes(load, MODES if html else [normalise], drawn, chosen, seed, track)
    report = reports[MODES[normalise]]
    table = named_table("transform", "judged", "harmful found", "rows", "benign flagged", "rows")
    for outcome in report["outcomes"]:
        table.add_row(*_cells(outcome))
    stdout().print(table)
    if json_out:
        write_text(json_out, json.dumps(report, indent=1) + "\n")
    if write_page:
        write_page(html, attacks=reports)


def _cells(outcome: Mapping[str, Any]) -> list[str]:
    cells = [outcome["transform"], outcome["target"]]
    for kind in ("harmful", "benign"):
        before, after = outcome[f"{kind}_before"], outcome[f"{kind}_after"]
        cells += [_change(before, after), str(after["rows"])]
    return cells


def _change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Rates before and after in per cent, the latter with its interval."""
    if after["rate"] is None:
        return "-"
    interval = f"{100 * after['low']:.1f} to {100 * after['high']:.1f}"
    return f"{100 * before['rate']:.1f} -> {100 * after['rate']:.1f} % ({interval})"
