"""`guardlet export`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Optional

import typer

from guardlet.bundle import Bundle
from guardlet.cli.console import stdout, track
from guardlet_export.gate import DEFAULT_LIMITS, GateLimits

app = typer.Typer()
_GATE = "Gate: labelled data, next to PyTorch"
_PLAIN = "Plain models"
PrecisionOption = Annotated[
    Optional[list[str]], typer.Option(help="int8, fp32, executorch-int8, ...; again for more.")
]


@app.command()
def export(
    model: Annotated[
        str,
        typer.Argument(help="Folder that `guardlet train` wrote, or a classifier's folder or id."),
    ],
    out: Annotated[Path, typer.Argument(help="Bundle folder to write.")],
    precision: PrecisionOption = None,
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
    gate: Annotated[
        Optional[list[Path]],
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Labelled .jsonl or .jsonl.gz; again for more.",
            rich_help_panel=_GATE,
        ),
    ] = None,
    gate_mean: Annotated[
        float, typer.Option(help="Most mean score difference.", rich_help_panel=_GATE)
    ] = DEFAULT_LIMITS.mean,
    gate_flips: Annotated[
        float, typer.Option(help="Most verdicts that flip, a share.", rich_help_panel=_GATE)
    ] = DEFAULT_LIMITS.flips,
    gate_f1: Annotated[
        float, typer.Option(help="Most fall of F1.", rich_help_panel=_GATE)
    ] = DEFAULT_LIMITS.f1,
    gate_recall: Annotated[
        float, typer.Option(help="Most fall of recall.", rich_help_panel=_GATE)
    ] = DEFAULT_LIMITS.recall,
    gate_fpr: Annotated[
        float, typer.Option(help="Most rise of the FPR.", rich_help_panel=_GATE)
    ] = DEFAULT_LIMITS.fpr,
    name: Annotated[
        Optional[str], typer.Option(help="Bundle name.", rich_help_panel=_PLAIN)
    ] = None,
    version: Annotated[
        Optional[str], typer.Option(help="Semantic version.", rich_help_panel=_PLAIN)
    ] = None,
    license: Annotated[
        Optional[str], typer.Option(help="SPDX identifier.", rich_help_panel=_PLAIN)
    ] = None,
    description: Annotated[
        Optional[str], typer.Option(help="One sentence.", rich_help_panel=_PLAIN)
    ] = None,
    language: Annotated[
        Optional[list[str]],
        typer.Option(help="BCP 47 tag; again for more.", rich_help_panel=_PLAIN),
    ] = None,
    harmful_index: Annotated[
        Optional[int], typer.Option(help="Label that is harmful; 1.", rich_help_panel=_PLAIN)
    ] = None,
    max_tokens: Annotated[
        Optional[int], typer.Option(min=8, help="Window length.", rich_help_panel=_PLAIN)
    ] = None,
    stride: Annotated[
        Optional[int], typer.Option(min=0, help="Overlap of windows.", rich_help_panel=_PLAIN)
    ] = None,
    max_windows: Annotated[
        Optional[int], typer.Option(min=2, help="Most windows a text.", rich_help_panel=_PLAIN)
    ] = None,
    prompt_budget: Annotated[
        Optional[int],
        typer.Option(min=2, help="Prompt tokens beside a response.", rich_help_panel=_PLAIN),
    ] = None,
    max_chars: Annotated[
        Optional[int], typer.Option(min=2, help="Most code points.", rich_help_panel=_PLAIN)
    ] = None,
) -> None:
    """Turn a trained guard into a bundle, proven against PyTorch on golden vectors."""
    from guardlet_export.export import export_bundle
    from guardlet_export.plain_model import About
    from guardlet_export.vocabulary import parse_keep, summary

    precisions = known_precisions(precision)
    about = About(
        name=name,
        version=version,
        license=license,
        description=description,
        languages=tuple(language) if language else None,
        harmful_index=harmful_index,
        max_tokens=max_tokens,
        stride=stride,
        max_windows=max_windows,
        prompt_budget=prompt_budget,
        max_chars=max_chars,
    )
    limits = GateLimits(gate_mean, gate_flips, gate_f1, gate_recall, gate_fpr)
    text = card.read_text(encoding="utf-8") if card else None
    keep = parse_keep(keep_vocab) if keep_vocab else None
    with cleaning_up_when_terminated():
        export_bundle(model, out, precisions, text, replace, track, about, gate or (), limits, keep)
    stdout().print(f"wrote {out}", markup=False)
    if keep is not None:
        stdout().print(summary(Bundle.open(out).manifest.provenance["vocabulary"]), markup=False)


def known_precisions(given: list[str] | None) -> tuple[str, ...]:
    """The precisions to export to, int8 by default. Raises BadParameter for an unknown name."""
    from guardlet_export.targets import TARGETS

    precisions = tuple(given or ["int8"])
    if not TARGETS.keys() >= set(precisions):
        raise typer.BadParameter(f"precision must be one of {', '.join(TARGETS)}")
    return precisions


@contextmanager
def cleaning_up_when_terminated() -> Iterator[None]:
    """Lets SIGTERM end the block as an exception does, so that no half-written bundle is left."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
