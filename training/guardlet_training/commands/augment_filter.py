"""`guardlet augment filter`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from guardlet.cli.console import plain, stdout
from guardlet.files import write_text
from guardlet_training.commands.augment_options import Evaluation, JsonOut


def filter_rows(
    rows: Annotated[str, typer.Argument(help="Rows: .jsonl file or folder, or hf://OWNER/NAME.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File for the rows that stay.")],
    evaluation: Evaluation = None,
    exemplars: Annotated[
        Optional[str], typer.Option(help="Rows the generator was shown: copies of them go too.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="Jaccard similarity from which prompts are near-duplicates.")
    ] = 0.7,
    json_out: JsonOut = None,
) -> None:
    """Drop repeated and nearly repeated prompts, and those an evaluation set holds."""
    from guardlet_training.augment.filter import filter_instructions
    from guardlet_training.rows import load_rows, write_rows

    shown = load_rows(exemplars) if exemplars else ()
    kept, report = filter_instructions(
        load_rows(rows), evaluation or (), exemplars=shown, threshold=threshold
    )
    write_rows(out, kept)
    if json_out:
        write_text(json_out, json.dumps(report.to_dict(), indent=2) + "\n")
    dropped = ", ".join(f"{n:,} {why.replace('_', ' ')}" for why, n in report.dropped.items())
    stdout().print(plain(f"kept {report.kept:,} of {report.rows:,} rows; dropped: {dropped}"))
    stdout().print(plain(f"written to {out}"))
