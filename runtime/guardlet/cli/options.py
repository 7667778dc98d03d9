"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

BundleOption = Annotated[
    Optional[Path], typer.Option("--bundle", help="Bundle folder; default: the embedded one.")
]
BundleArgument = Annotated[
    Optional[Path], typer.Argument(help="Bundle folder; default: the embedded one.")
]
EngineOption = Annotated[
    Optional[str], typer.Option("--engine", help="Engine name or artifact id.")
]
PointOption = Annotated[
    str, typer.Option("--operating-point", "-p", help="strict, balanced or lenient.")
]
NormaliseOption = Annotated[
    bool, typer.Option("--normalise", help="Judge what the text hides (base64, ...) as well.")
]
FiguresOption = Annotated[
    Optional[Path], typer.Option("--json", help="Write the figures to this file.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Decides everything that is random.")]
