"""`guardlet augment`: the stages of HarmAug's data."""

from __future__ import annotations

import typer

from guardlet_training.commands.augment_diversity import diversity
from guardlet_training.commands.augment_eda import eda
from guardlet_training.commands.augment_filter import filter_rows
from guardlet_training.commands.augment_generate import generate
from guardlet_training.commands.augment_label import label
from guardlet_training.commands.augment_respond import respond

app = typer.Typer(no_args_is_help=True)


@app.callback()
def augment() -> None:
    """Make training rows with language models."""


app.command()(generate)
app.command()(respond)
app.command()(label)
app.command()(eda)
app.command("filter")(filter_rows)
app.command()(diversity)
