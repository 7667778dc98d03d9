"""Options that the sub-commands of `guardlet augment` share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer


class BackendKind(StrEnum):
    TRANSFORMERS = "transformers"
    VLLM = "vllm"
    OPENAI = "openai"


class StageEngine(StrEnum):
    LOCAL = "local"
    RAY = "ray"


OutFolder = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")]
BackendOption = Annotated[
    BackendKind,
    typer.Option(help="In this process, in vLLM's engine, or on an OpenAI-compatible server."),
]
BaseUrl = Annotated[
    Optional[str],
    typer.Option(
        help="Address of the server, like http://localhost:8000/v1; its key is OPENAI_API_KEY."
    ),
]
BackendSettings = Annotated[
    Optional[list[str]],
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A setting of the back end, like batch_size=32 or concurrency=64; again for more. A "
        "wrong name lists them.",
    ),
]
Temperature = Annotated[float, typer.Option(min=0, help="0: the likeliest token.")]
TopP = Annotated[float, typer.Option(min=0, max=1, help="Nucleus to draw from.")]
MaxNewTokens = Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")]
Seed = Annotated[int, typer.Option(help="Decides everything that is random.")]
EngineOption = Annotated[StageEngine, typer.Option(help="This machine, or a Ray cluster.")]
Workers = Annotated[
    int, typer.Option(min=1, help="Processes, or Ray workers; each opens the model.")
]
Gpus = Annotated[float, typer.Option(min=0, help="GPUs of one Ray worker.")]
Evaluation = Annotated[
    Optional[list[Path]],
    typer.Option(help="Rows that nothing new may overlap with; again for more."),
]
JsonOut = Annotated[Optional[Path], typer.Option("--json", help="Write the report to this file.")]
