"""`guardlet adapt`."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich import box
from rich.table import Table

from guardlet.cli.console import plain, stdout, track
from guardlet.cli.options import FiguresOption, SeedOption
from guardlet.errors import DataError
from guardlet.files import write_text
from guardlet_export.command import (
    PrecisionOption,
    cleaning_up_when_terminated,
    known_precisions,
)
from guardlet_training.adapt.method import Method, Target

if TYPE_CHECKING:
    from guardlet_training.adapt.regression import Change
    from guardlet_training.adapt.report import AdaptReport

app = typer.Typer()
_FIGURES = ("f1", "auprc", "recall", "fpr")
_FOLDS = 5


@app.command()
def adapt(
    examples: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="New cases, labelled rows.")
    ],
    replay: Annotated[
        list[str],
        typer.Option(help="Rows of the kind the guard was trained on; again for more."),
    ],
    check: Annotated[
        list[str],
        typer.Option(metavar="NAME=FILE", help="Set that must not get worse; again for more."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="New folder to write: model/ and bundle/.")
    ],
    model: Annotated[
        Optional[Path],
        typer.Argument(help="Model folder or bundle; default: the embedded guard."),
    ] = None,
    method: Annotated[
        Method, typer.Option(help="Low-rank adapters, merged in the end, or every weight.")
    ] = Method.LORA,
    rank: Annotated[int, typer.Option(min=1, help="Rank of LoRA.")] = 32,
    steps: Annotated[int, typer.Option(min=1, help="Training steps.")] = 200,
    batch_size: Annotated[
        int, typer.Option(min=1, help="New cases a step, and replayed rows a step.")
    ] = 8,
    learning_rate: Annotated[
        Optional[float], typer.Option(help="Default: 1e-4 for lora, 2e-5 for full.")
    ] = None,
    replay_target: Annotated[
        Target,
        typer.Option(help="Replayed rows keep the scores the guard gave, or learn their labels."),
    ] = Target.SCORES,
    max_drop: Annotated[
        float,
        typer.Option(
            min=0, help="Most that F1 or AUPRC (one class: recall, FPR) of a set may worsen."
        ),
    ] = 0.02,
    folds: Annotated[
        int, typer.Option(min=0, help="Trainings that each hold out a part of the cases; 0: none.")
    ] = _FOLDS,
    holdout: Annotated[
        Optional[float],
        typer.Option(help="Instead of folds: hold out this share, and never train on it."),
    ] = None,
    precision: PrecisionOption = None,
    seed: SeedOption = 42,
    json_out: FiguresOption = None,
) -> None:
    """Teach a guard a few dozen new cases, and refuse when that costs too much elsewhere."""
    from guardlet_training.adapt.regression import RegressionError
    from guardlet_training.adapt.run import adapt as run
    from guardlet_training.adapt.settings import AdaptSettings

    settings = AdaptSettings(
        method=method,
        rank=rank,
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        target=replay_target,
        seed=seed,
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    checks = _named(check)
    precisions = known_precisions(precision)
    with cleaning_up_when_terminated():
        report = run(
            *(model, out, examples, replay, checks, track),
            *(settings, max_drop, folds, holdout, precisions),
        )
    stdout().print(_table(report))
    if report.objection:
        raise RegressionError(
            f"{report.objection}; nothing was written. Replay more rows, take fewer steps or a "
            f"lower learning rate, or allow more with --max-drop"
        )
    if json_out:
        write_text(json_out, json.dumps(report.to_dict(), indent=2) + "\n")
    stdout().print(f"wrote {out}, {report.after}", markup=False)


def _named(items: list[str]) -> dict[str, Path]:
    sets: dict[str, Path] = {}
    for item in items:
        name, equals, file = item.partition("=")
        if not (name and equals and file):
            raise typer.BadParameter("a check is written NAME=FILE")
        if name in sets:
            raise DataError(f"two check sets are called {name}; rename one")
        sets[name] = Path(file)
    return sets


def _table(report: AdaptReport) -> Table:
    columns = ("set", "rows", "at", *_FIGURES)
    table = Table(*columns, title="before>after", box=box.SIMPLE_HEAD)
    for name, change in report.sets.items():
        _add(table, name, change)
    if report.held_out:
        table.add_section()
        _add(table, "held out", report.held_out)
    return table


def _add(table: Table, name: str, change: Change) -> None:
    for point, before in change.before.items():
        after = change.after[point]
        cells = [f"{_cell(getattr(before, f))}>{_cell(getattr(after, f))}" for f in _FIGURES]
        table.add_row(plain(name), str(before.rows), plain(point), *cells)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
