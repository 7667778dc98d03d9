"""The rows an arm is trained on, made by the stages of `guardlet augment`, each resumable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardlet.jobs import Engine
from guardlet_training.augment.backends.backend import Sampling
from guardlet_training.augment.backends.options import backend_spec
from guardlet_training.augment.generate import INSTRUCTIONS, GenerateJob, generate
from guardlet_training.reproduce.settings import Reproduction

ROWS = "rows.jsonl"
SEED = 42  # of what is generated; the paper's seeds are those of the trainings


@dataclass(frozen=True)
class Where:
    """Who works on a stage: see `guardlet_training.augment.stage.run_stage`."""

    engine: Engine = "local"
    workers: int = 1
    gpus: float = 0

    def options(self) -> dict[str, Any]:
        return {"engine": self.engine, "workers": self.workers, "gpus": self.gpus}


def augmented(
    job: Reproduction,
    prefix: bool,
    exemplars: Path,
    held: Mapping[str, Path],
    folder: Path,
    where: Where,
) -> Path:
    """Instructions like the exemplars, none of which overlaps the sets `held`, with the answers to
    them, labelled: the file of rows. Raises what the stages raise."""
    made = job.generate
    sampling = Sampling(made.temperature, made.top_p, made.max_new_tokens)
    spec = backend_spec(made.backend, made.model, **made.options)
    task = GenerateJob(
        str(exemplars), spec, made.count, made.k, prefix, sampling, SEED, tuple(held.values())
    )
    generate(task, folder / "generated", **where.options())
    responses = answered(job, folder / "generated" / INSTRUCTIONS, folder / "answered", where)
    return labelled(job, responses, folder / "labelled", where)


def answered(job: Reproduction, instructions: Path, folder: Path, where: Where) -> Path:
    raise NotImplementedError


def labelled(job: Reproduction, rows: Path, folder: Path, where: Where) -> Path:
    raise NotImplementedError


def varied(rows: Path, folder: Path) -> Path:
    raise NotImplementedError
