"""`guardlet augment generate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guardlet.cli.console import plain, resumable, stdout
from guardlet_training.commands.augment_options import (
    BackendKind,
    BackendOption,
    BackendSettings,
    BaseUrl,
    EngineOption,
    Evaluation,
    Gpus,
    MaxNewTokens,
    OutFolder,
    Seed,
    StageEngine,
    Temperature,
    TopP,
    Workers,
)

if TYPE_CHECKING:
    from guardlet_training.augment.stage import StageReport


def generate(
    exemplars: Annotated[
        str, typer.Argument(help="Harmful instructions: .jsonl file or folder, or hf://OWNER/NAME.")
    ],
    out: OutFolder,
    model: Annotated[
        str, typer.Option(help="Hub id, folder, or the server's name of the generator.")
    ],
    backend: BackendOption = BackendKind.TRANSFORMERS,
    base_url: BaseUrl = None,
    settings: BackendSettings = None,
    count: Annotated[int, typer.Option(min=1, help="Attempts.")] = 1000,
    k: Annotated[int, typer.Option(min=1, help="Exemplars in a request.")] = 3,
    prefix: Annotated[
        bool, typer.Option("--prefix/--no-prefix", help="Begin the assistant's turn for it.")
    ] = True,
    temperature: Temperature = 1.0,
    top_p: TopP = 1.0,
    max_new_tokens: MaxNewTokens = 128,
    seed: Seed = 42,
    evaluation: Evaluation = None,
    benign_twins: Annotated[
        bool, typer.Option("--benign-twins", help="Also ask for a harmless look-alike of each.")
    ] = False,
    engine: EngineOption = StageEngine.LOCAL,
    workers: Workers = 1,
    gpus: Gpus = 0,
) -> None:
    """Write new harmful instructions like the exemplars, to train a guard with.

    A run that was stopped goes on when the same command is given again.
    """
    from guardlet_training.augment.backends.backend import Sampling
    from guardlet_training.augment.backends.options import backend_spec
    from guardlet_training.augment.generate import INSTRUCTIONS, GenerateJob
    from guardlet_training.augment.generate import generate as run
    from guardlet_training.augment.kept import Keeping
    from guardlet_training.augment.twins import TWINS, write_twins

    spec = backend_spec(backend.value, model, settings or (), base_url=base_url)
    sampling = Sampling(temperature, top_p, max_new_tokens)
    keeping = Keeping(evaluation or ())
    job = GenerateJob(exemplars, spec, count, k, prefix, sampling, seed, keeping)
    where: dict[str, Any] = {"engine": engine.value, "workers": workers, "gpus": gpus}
    with resumable():
        _print(run(job, out, **where), "instructions", out / INSTRUCTIONS)
        if benign_twins:
            folder = out / "twins"
            twins = write_twins(
                out / INSTRUCTIONS,
                spec,
                folder,
                sampling=sampling,
                seed=seed,
                keeping=keeping,
                **where,
            )
            _print(twins, "twins", folder / TWINS)


def _print(report: StageReport, what: str, file: Path) -> None:
    figures = report.figures
    share = figures["success_rate"]
    interval = f"95 % interval {share['lower']:.1%} to {share['upper']:.1%}"
    console = stdout()
    console.print(
        plain(f"not refused: {share['estimate']:.1%} ({interval}) of {report.rows:,} attempts")
    )
    console.print(plain(f"kept {figures['kept']:,} {what}; {_counts(figures)}"))
    console.print(plain(f"written to {file}"))


def _counts(figures: Mapping[str, Any]) -> str:
    """Why attempts did not become rows: "3 refused, 2 empty, 1 near duplicate"."""
    found = {**figures["rejected"], **figures["dropped"]}
    return ", ".join(f"{count:,} {why.replace('_', ' ')}" for why, count in found.items())
