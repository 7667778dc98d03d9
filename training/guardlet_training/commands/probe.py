"""`guardlet probe`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from guardlet.bundle import DEFAULT_OPERATING_POINT
from guardlet.cli.console import stdout, track
from guardlet.cli.options import FiguresOption, PointOption, SeedOption
from guardlet.files import write_text
from guardlet_training.whitebox.settings import Method, ProbeSettings, Where

app = typer.Typer()


@app.command()
def probe(
    model: Annotated[
        Path,
        typer.Argument(help="Model folder or bundle; guardlet-mini is the embedded one."),
    ],
    data: Annotated[Path, typer.Argument(help="Labelled .jsonl[.gz] file or folder.")],
    method: Annotated[
        Method, typer.Option(help="Swap tokens, or move their embeddings, which no text shows.")
    ] = Method.TOKENS,
    steps: Annotated[int, typer.Option(min=1, help="Most gradients a row.")] = 50,
    rows: Annotated[int, typer.Option(min=1, help="Most rows of each label.")] = 50,
    where: Annotated[
        Where, typer.Option(help="Tokens to swap: those of a suffix, or any of the judged text.")
    ] = Where.SUFFIX,
    suffix: Annotated[int, typer.Option(min=1, help="Tokens of the suffix.")] = 10,
    candidates: Annotated[int, typer.Option(min=2, help="Swaps tried a step.")] = 64,
    budget: Annotated[
        float, typer.Option(min=0, help="Largest move of embeddings, as a share of their norm.")
    ] = 0.5,
    operating_point: PointOption = DEFAULT_OPERATING_POINT,
    seed: SeedOption = 42,
    json_out: FiguresOption = None,
) -> None:
    """Count how many verdicts an attacker who has the weights can turn, and in how many steps.

    Adversarial texts are neither shown nor written.
    """
    from guardlet_training.whitebox.probe import probe as run

    settings = ProbeSettings(
        method=method,
        steps=steps,
        where=where,
        suffix=suffix,
        candidates=candidates,
        budget=budget,
        seed=seed,
    )
    report = run(model, data, settings, track, rows, operating_point)
    size = "swapped" if method is Method.TOKENS else "relative norm"
    table = Table("rows", "attacked", "flipped", "share", "ids only", "steps", size)
    for name, group in (
        ("harmful, caught", report.harmful),
        ("harmless, let pass", report.harmless),
    ):
        table.add_row(
            name,
            str(group.attacked),
            str(group.flipped),
            _number(group.share, 3),
            str(group.ids_only),
            _number(group.median_steps, 1),
            _number(group.median_size, 1 if method is Method.TOKENS else 3),
        )
    stdout().print(table)
    if json_out:
        write_text(json_out, json.dumps(report.to_dict(), indent=2) + "\n")


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
