"""`guardlet augment eda`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from guardlet.cli.console import plain, resumable, stdout
from guardlet_training.commands.augment_options import (
    EngineOption,
    OutFolder,
    Seed,
    StageEngine,
    Workers,
)


def eda(
    rows: Annotated[
        str, typer.Argument(help="Rows to change: .jsonl file or folder, or hf://OWNER/NAME.")
    ],
    out: OutFolder,
    count: Annotated[int, typer.Option("--n-aug", min=1, help="New rows of each row.")] = 4,
    alpha: Annotated[float, typer.Option(help="Share of a text's words that changes.")] = 0.1,
    synonyms: Annotated[
        Optional[Path],
        typer.Option(help="Lines of a word and its synonyms, with commas. Default: WordNet."),
    ] = None,
    responses: Annotated[
        bool, typer.Option("--responses", help="Change responses as well as prompts.")
    ] = False,
    seed: Seed = 42,
    engine: EngineOption = StageEngine.LOCAL,
    workers: Workers = 1,
) -> None:
    """Change words of rows at random, the EDA baseline: no model is asked, labels stay.

    A run that was stopped goes on when the same command is given again.
    """
    from guardlet_training.augment.eda_stage import EdaJob
    from guardlet_training.augment.eda_stage import eda as run
    from guardlet_training.augment.synonyms import SynonymSource

    job = EdaJob(rows, SynonymSource(synonyms), alpha, count, responses, seed)
    with resumable():
        report = run(job, out, engine=engine.value, workers=workers)
    unchanged = report.figures["unchanged"]
    stdout().print(plain(f"{report.rows:,} rows of {report.items:,}; {unchanged:,} unchanged"))
    stdout().print(plain(f"written to {out / 'rows.jsonl'}"))
