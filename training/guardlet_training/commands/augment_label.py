"""`guardlet augment label`."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from guardlet.cli.console import plain, resumable, stdout
from guardlet_training.commands.augment_options import (
    EngineOption,
    Gpus,
    OutFolder,
    StageEngine,
    Workers,
)


def label(
    rows: Annotated[
        str, typer.Argument(help="Rows to label: .jsonl file or folder, or hf://OWNER/NAME.")
    ],
    out: OutFolder,
    teacher: Annotated[
        list[str],
        typer.Option(
            help="Llama Guard, sequence classifier or bundle, by hub id or folder; again for more, "
            "of which the mean counts."
        ),
    ],
    soft: Annotated[
        bool,
        typer.Option(
            "--soft/--hard",
            help="The teacher's probability beside the label a row has, or its verdict instead.",
        ),
    ] = False,
    harmful_index: Annotated[
        Optional[int],
        typer.Option(min=0, help="Label of a classifier that means unsafe; default: by name."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows scored at once.")] = 16,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    dtype: Annotated[
        str, typer.Option(help="Of a Llama Guard: auto (as saved), float32, bfloat16, float16.")
    ] = "auto",
    engine: EngineOption = StageEngine.LOCAL,
    workers: Workers = 1,
    gpus: Gpus = 0,
) -> None:
    """Let a teacher say of every row how likely it is to be unsafe.

    A run that was stopped goes on when the same command is given again.
    """
    from guardlet_training.augment.label import LabelJob
    from guardlet_training.augment.label import label as run
    from guardlet_training.augment.teachers.find import TeacherSettings, find_teacher

    settings = TeacherSettings(harmful_index, device, dtype)
    job = LabelJob(rows, [find_teacher(model, settings) for model in teacher], soft)
    with resumable():
        report = run(job, out, engine=engine.value, workers=workers, chunk=batch_size, gpus=gpus)
    console = stdout()
    for kind in ("prompts", "responses"):
        found = report.figures[kind]
        share = f"({found['share']['estimate']:.1%})" if found["rows"] else ""
        harmful = f"{found['harmful']:,} of {found['rows']:,} harmful {share}"
        console.print(plain(f"{kind}: {harmful}"))
    if unscored := report.figures["unscored"]:
        console.print(plain(f"{unscored:,} rows have no score: they are too long, or empty"))
    console.print(plain(f"written to {out / 'rows.jsonl'}"))
