"""`guardlet augment diversity`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.table import Table

from guardlet.cli.console import stdout
from guardlet.files import write_text
from guardlet_training.commands.augment_options import JsonOut, Seed

if TYPE_CHECKING:
    from guardlet_training.augment.diversity import DiversityReport


def diversity(
    seed_rows: Annotated[
        str, typer.Argument(metavar="SEED", help="Rows there were: file, folder, hf://OWNER/NAME.")
    ],
    new_rows: Annotated[str, typer.Argument(metavar="NEW", help="Rows that were generated.")],
    embedder: Annotated[
        Optional[str],
        typer.Option(help="Sentence model, hub id or folder. Default: all-MiniLM-L6-v2."),
    ] = None,
    min_samples: Annotated[
        int, typer.Option(min=2, help="Texts that make a cluster; the paper's way: 50.")
    ] = 50,
    eps: Annotated[
        float, typer.Option(min=0.001, help="Reach of a cluster; the paper's way: 0.08.")
    ] = 0.08,
    seed: Seed = 42,
    json_out: JsonOut = None,
) -> None:
    """Count the clusters of the seed rows, and of seed and new rows together."""
    from guardlet_training.augment.diversity import EMBEDDER, ClusterSettings
    from guardlet_training.augment.diversity import diversity as run
    from guardlet_training.rows import load_rows

    settings = ClusterSettings(eps=eps, min_samples=min_samples, seed=seed)
    texts = [[row.prompt for row in load_rows(rows)] for rows in (seed_rows, new_rows)]
    report = run(texts[0], texts[1], embedder or EMBEDDER, settings)
    stdout().print(_table(report))
    if json_out:
        write_text(json_out, json.dumps(report.to_dict(), indent=2) + "\n")


def _table(report: DiversityReport) -> Table:
    table = Table("rows", "texts", "clusters", "in none", "distance", "distinct-1", "distinct-2")
    for name, found in report.sets.items():
        table.add_row(
            name,
            f"{found.texts:,}",
            "-" if found.clusters is None else str(found.clusters),
            "-" if found.unclustered is None else f"{found.unclustered:.0%}",
            f"{found.distance:.3f}",
            f"{found.distinct_1:.3f}",
            f"{found.distinct_2:.3f}",
        )
    return table
