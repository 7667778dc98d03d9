"""`guardlet train`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Optional

import typer

from guardlet.cli.console import stdout

app = typer.Typer()


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe file, for example mini.yaml.")],
    overrides: Annotated[
        Optional[list[str]], typer.Argument(help="Settings to change: key=value ...")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")] = Path("runs/run"),
) -> None:
    """Train a guard from a recipe; start again to resume from the last checkpoint.

    On several processes: torchrun --nproc_per_node N -m guardlet train ...
    """
    from accelerate import PartialState

    from guardlet_training.train import train as run

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folder = run(recipe, out, overrides)
    if PartialState().is_main_process:
        stdout().print(f"wrote {folder}", markup=False)
    PartialState().destroy_process_group()
