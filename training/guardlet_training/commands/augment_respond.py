"""`guardlet augment respond`."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from guardlet.cli.console import plain, resumable, stdout
from guardlet_training.commands.augment_options import (
    BackendKind,
    BackendOption,
    BackendSettings,
    BaseUrl,
    EngineOption,
    Gpus,
    MaxNewTokens,
    OutFolder,
    Seed,
    StageEngine,
    Temperature,
    TopP,
    Workers,
)


def respond(
    instructions: Annotated[
        str, typer.Argument(help="Prompts to answer: .jsonl file or folder, or hf://OWNER/NAME.")
    ],
    out: OutFolder,
    refusing: Annotated[
        Optional[str], typer.Option(help="Model that refuses; left out: no such rows.")
    ] = None,
    compliant: Annotated[
        Optional[str], typer.Option(help="Model that complies; left out: no such rows.")
    ] = None,
    prompts: Annotated[
        bool, typer.Option("--prompts/--no-prompts", help="Also a row without a response.")
    ] = True,
    backend: BackendOption = BackendKind.TRANSFORMERS,
    base_url: BaseUrl = None,
    compliant_url: Annotated[
        Optional[str], typer.Option(help="Server of the compliant model; default: the same one.")
    ] = None,
    settings: BackendSettings = None,
    temperature: Temperature = 1.0,
    top_p: TopP = 1.0,
    max_new_tokens: MaxNewTokens = 256,
    seed: Seed = 42,
    engine: EngineOption = StageEngine.LOCAL,
    workers: Workers = 1,
    gpus: Gpus = 0,
) -> None:
    """Answer each instruction with a refusal, with a compliant answer, and not at all.

    A run that was stopped goes on when the same command is given again.
    """
    from guardlet_training.augment.backends.backend import BackendSpec, Sampling
    from guardlet_training.augment.backends.options import backend_spec
    from guardlet_training.augment.respond import RespondJob
    from guardlet_training.augment.respond import respond as run

    def spec(model: str | None, url: str | None) -> BackendSpec | None:
        return (model and backend_spec(backend.value, model, settings or (), base_url=url)) or None

    job = RespondJob(
        instructions,
        spec(refusing, base_url),
        spec(compliant, compliant_url or base_url),
        prompts,
        Sampling(temperature, top_p, max_new_tokens),
        seed,
    )
    with resumable():
        report = run(job, out, engine=engine.value, workers=workers, gpus=gpus)
    console = stdout()
    for kind in job.models:
        found = report.figures[kind]
        share = found["refused"]["estimate"]
        answers = f"{share:.1%} of {found['rows']:,} answers refuse, {found['empty']:,} are empty"
        console.print(plain(f"{kind}: {answers}"))
    console.print(plain(f"written to {out / 'rows.jsonl'}: {report.rows:,} rows"))
