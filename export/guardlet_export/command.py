"""`guardlet export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from guardlet.bundle import Bundle
from guardlet.cli.console import stdout, track

app = typer.Typer()


@app.command()
def export(
    model: Annotated[Path, typer.Argument(help="Model folder written by `guardlet train`.")],
    out: Annotated[Path, typer.Argument(help="Bundle folder to write.")],
    precision: Annotated[
        Optional[list[str]], typer.Option(help="int8, fp32, executorch-int8, ...; again for more.")
    ] = None,
    card: Annotated[
        Optional[Path],
        typer.Option(exists=True, dir_okay=False, help="Model card to put in as README.md."),
    ] = None,
    replace: Annotated[bool, typer.Option(help="Replace an existing bundle.")] = False,
    keep_vocab: Annotated[
        Optional[str],
        typer.Option(
            metavar="FILE|N", help="Keep the tokens used in a corpus, or N embedding rows."
        ),
    ] = None,
) -> None:
    """Turn a trained guard into a bundle, proven against PyTorch on golden vectors."""
    from guardlet_export.export import export_bundle
    from guardlet_export.targets import TARGETS
    from guardlet_export.vocabulary import parse_keep, summary

    precisions = tuple(precision or ["int8"])
    unknown = [item for item in precisions if item not in TARGETS]
    if unknown:
        raise typer.BadParameter(f"precision must be one of {', '.join(TARGETS)}")
    text = card.read_text(encoding="utf-8") if card else None
    keep = parse_keep(keep_vocab) if keep_vocab else None
    export_bundle(model, out, precisions, text, replace, track, keep)
    stdout().print(f"wrote {out}", markup=False)
    if keep is not None:
        stdout().print(summary(Bundle.open(out).manifest.provenance["vocabulary"]), markup=False)
