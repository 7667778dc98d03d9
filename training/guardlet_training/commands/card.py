"""`guardlet card`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

app = typer.Typer()


@app.command()
def card(
    bundle: Annotated[Path, typer.Argument(help="Bundle whose card is written.")],
    results: Annotated[list[Path], typer.Argument(help="JSON files of `guardlet evaluate`.")],
    limits: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Markdown text on the guard's limits.")
    ],
    readme: Annotated[
        Optional[Path],
        typer.Option(
            exists=True, dir_okay=False, help="File whose results block is rewritten too."
        ),
    ] = None,
) -> None:
    """Write a bundle's model card, and a README's result table, from recorded evaluations."""
    from guardlet.bundle import Bundle
    from guardlet.files import replacing
    from guardlet_export.export import rewrite_card
    from guardlet_export.marked import replace_block
    from guardlet_training.card import RESULTS, load_report, render_card, results_table

    reports = [load_report(path) for path in results]
    manifest = Bundle.open(bundle).manifest
    text = render_card(manifest, reports, limits.read_text(encoding="utf-8"))
    if readme:
        replaced = replace_block(
            readme.read_text(encoding="utf-8"), RESULTS, results_table(reports)
        )
        with replacing(readme) as file:
            file.write(replaced)
    rewrite_card(bundle, text)
