"""`guardlet reproduce`."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.table import Table

from guardlet.cli.console import plain, resumable, stderr, stdout
from guardlet_training.commands.augment_options import EngineOption, Gpus, StageEngine, Workers

if TYPE_CHECKING:
    from guardlet_training.reproduce.settings import Reproduction


class Scale(StrEnum):
    TINY = "tiny"
    PAPER = "paper"


app = typer.Typer(no_args_is_help=True)


@app.callback()
def reproduce() -> None:
    """Compute a paper's table again."""


@app.command()
def harmaug(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run.")],
    overrides: Annotated[
        Optional[list[str]], typer.Argument(help="Settings to change: key=value ...")
    ] = None,
    scale: Annotated[
        Scale, typer.Option(help="tiny: random models, minutes on a core. paper: needs GPUs.")
    ] = Scale.TINY,
    recipe: Annotated[
        Optional[Path], typer.Option(help="Instead of the paper's; see docs/harmaug.md.")
    ] = None,
    sets: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="NAME=SOURCE",
            help="oai, toxicchat, harmbench or wildguardmix, from a file or hf://OWNER/NAME; "
            "again for more.",
        ),
    ] = None,
    any_counts: Annotated[
        bool, typer.Option("--any-counts", help="Sets of other counts than the paper's only warn.")
    ] = False,
    launcher: Annotated[
        Optional[str],
        typer.Option(help="Starts trainings, like 'torchrun --nproc_per_node 8'."),
    ] = None,
    engine: EngineOption = StageEngine.LOCAL,
    workers: Workers = 1,
    gpus: Gpus = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print the steps, their rows and their cost.")
    ] = False,
) -> None:
    """Run every stage of HarmAug and print its table beside the paper's figures.

    A run that was stopped goes on when the same command is given again.
    """
    from guardlet_training.reproduce.run import Run, load_reproduction
    from guardlet_training.reproduce.run import reproduce as run
    from guardlet_training.reproduce.stages import Where
    from guardlet_training.reproduce.tiny import WARNING, make_tiny

    tiny = scale is Scale.TINY and recipe is None
    with resumable():
        path = make_tiny(out.with_name(out.name + "-inputs")) if tiny else recipe or _paper()
        job = load_reproduction(path, _pairs(sets or []), overrides or [])
        if dry_run:
            _print_plan(job)
            return
        ignore = (lambda _: None) if tiny else _say
        settings = Run(
            where=Where(engine.value, workers, gpus),
            launcher=launcher,
            miscounted=ignore if tiny or any_counts else None,
            warning=WARNING if tiny else "",
            say=_say,
        )
        stdout().print(run(job, out, settings), markup=False)


def _say(text: str) -> None:
    stderr().print(plain(text))


def _paper() -> Path:
    return Path(str(files("guardlet_training.reproduce") / "harmaug.yaml"))


def _pairs(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if not all(name and source for name, _, source in pairs):
        raise typer.BadParameter("--sets takes NAME=SOURCE")
    return {name: source for name, _, source in pairs}


def _print_plan(job: Reproduction) -> None:
    from guardlet_training.reproduce.plan import plan, total_hours

    steps = plan(job)
    table = Table("step", "rows", "passes", "GPU hours")
    for step in steps:
        table.add_row(step.title, f"{step.rows:,}", f"{step.passes:g}", f"{step.gpu_hours:.1f}")
    table.add_section()
    table.add_row("all", "", "", f"{total_hours(steps):.1f}")
    stdout().print(table)
    stdout().print(
        f"An estimate for {job.loads.gpu}: rows x passes x tokens x parameters x 2 (6 to train) "
        "over the speed, each as in the recipe's `loads`.",
        markup=False,
    )
