"""`guardlet attack`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.table import Table

from guardlet.cli.console import stdout, track
from guardlet.files import replacing
from guardlet.guard import Guard

if TYPE_CHECKING:
    from guardlet_training.attacks.measure import Outcome
    from guardlet_training.intervals import Share

app = typer.Typer()


@app.command()
def attack(
    data: Annotated[list[Path], typer.Argument(help="Labelled .jsonl[.gz] files or folders.")],
    transforms: Annotated[
        str, typer.Option(help="all, or names with commas; see docs/robustness.md.")
    ] = "all",
    bundle: Annotated[Optional[Path], typer.Option(help="Default: the embedded guard.")] = None,
    engine: Annotated[Optional[str], typer.Option(help="Engine name or artifact id.")] = None,
    operating_point: Annotated[
        str, typer.Option("--operating-point", "-p", help="strict, balanced or lenient.")
    ] = "balanced",
    rows: Annotated[
        Optional[int], typer.Option(min=1, help="At most so many of each class; default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws rows and what is random in a transform.")] = 0,
    normalise: Annotated[
        bool, typer.Option("--normalise", help="Judge what the text hides as well.")
    ] = False,
    json_out: Annotated[
        Optional[Path], typer.Option("--json", help="Write the figures to this file.")
    ] = None,
) -> None:
    """Rewrite labelled texts as attackers do and count what a guard still finds."""
    from guardlet_training.attacks import choose
    from guardlet_training.attacks.measure import measure, report, sample_rows
    from guardlet_training.evaluate import expand

    chosen = choose(transforms)
    files = list(expand(data).values())
    guard = Guard.load(bundle, engine, operating_point=operating_point, normalise=normalise)
    outcomes = measure(guard, sample_rows(files, rows, seed), chosen, seed, track)
    table = Table("transform", "judged", "harmful found", "rows", "benign flagged", "rows")
    for outcome in outcomes:
        table.add_row(*_cells(outcome))
    stdout().print(table)
    if json_out:
        json_out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(json_out) as file:
            file.write(json.dumps(report(guard, outcomes, seed, normalise), indent=1) + "\n")


def _cells(outcome: Outcome) -> list[str]:
    return [
        outcome.transform,
        outcome.target,
        _change(outcome.harmful_before, outcome.harmful_after),
        str(outcome.harmful_after.rows),
        _change(outcome.benign_before, outcome.benign_after),
        str(outcome.benign_after.rows),
    ]


def _change(before: Share, after: Share) -> str:
    """Rates before and after in per cent, the latter with its interval."""
    if before.rate is None or after.rate is None or after.low is None or after.high is None:
        return "-"
    interval = f"{100 * after.low:.1f} to {100 * after.high:.1f}"
    return f"{100 * before.rate:.1f} -> {100 * after.rate:.1f} % ({interval})"
