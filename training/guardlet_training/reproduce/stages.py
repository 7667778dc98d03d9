"""The rows an arm is trained on, made by the stages of `guardlet augment`, each resumable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardlet.jobs import Engine
from guardlet_training.augment.backends.backend import Sampling
from guardlet_training.augment.backends.options import backend_spec
from guardlet_training.augment.eda_stage import EdaJob, eda
from guardlet_training.augment.folder import REPORT, ROWS
from guardlet_training.augment.generate import INSTRUCTIONS, GenerateJob, generate
from guardlet_training.augment.kept import Keeping
from guardlet_training.augment.label import LabelJob, label
from guardlet_training.augment.respond import RespondJob, respond
from guardlet_training.augment.synonyms import SynonymSource
from guardlet_training.augment.teachers.find import find_teacher
from guardlet_training.reproduce.settings import Reproduction

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
) -> list[Path]:
    """Instructions like the exemplars, none of which overlaps the sets `held`, with the answers to
    them, labelled: the files of rows. Raises what the stages raise."""
    made = job.generate
    task = GenerateJob(
        str(exemplars),
        backend_spec(made.backend, made.model, **made.options),
        made.count,
        made.k,
        prefix,
        Sampling(made.temperature, made.top_p, made.max_new_tokens),
        SEED,
        Keeping(tuple(held.values())),
    )
    generate(task, folder / "generated", **where.options())
    instructions = folder / "generated" / INSTRUCTIONS
    return [
        labelled(job, rows, folder / f"labelled-{kind}", where)
        for kind, rows in _answered(job, instructions, folder, where).items()
    ]


def answered_share(folder: Path) -> float:
    """Of the attempts that `augmented` made in `folder`, those that are no refusals."""
    report = json.loads((folder / "generated" / REPORT).read_text(encoding="utf-8"))
    share: float = report["success_rate"]["estimate"]
    return share


def labelled(job: Reproduction, rows: Path, folder: Path, where: Where) -> Path:
    """The rows with the teachers' hard labels, none where a teacher cannot read a row."""
    teachers = [find_teacher(model) for model in job.teachers]
    label(LabelJob(str(rows), teachers), folder, **where.options())
    return folder / ROWS


def _answered(job: Reproduction, instructions: Path, folder: Path, where: Where) -> dict[str, Path]:
    """The refused rows with those without a response, and the answered ones: the two models are
    never in memory at once."""
    made = job.respond
    refusing, compliant = (
        backend_spec(made.backend, model, **made.options)
        for model in (made.refusing, made.compliant)
    )
    sampling = Sampling(made.temperature, made.top_p, made.max_new_tokens)
    tasks = {
        "refused": RespondJob(str(instructions), refusing, None, True, sampling, SEED),
        "answered": RespondJob(str(instructions), None, compliant, False, sampling, SEED),
    }
    for kind, task in tasks.items():
        respond(task, folder / kind, **where.options())
    return {kind: folder / kind / ROWS for kind in tasks}


def varied(job: Reproduction, rows: Path, folder: Path, where: Where) -> Path:
    """The rows with their prompts changed by EDA, their labels kept. Raises what the stage does."""
    made = job.eda
    synonyms = SynonymSource(Path(made.synonyms) if made.synonyms else None)
    task = EdaJob(str(rows), synonyms, made.alpha, made.count, seed=SEED)
    eda(task, folder, engine=where.engine, workers=where.workers)
    return folder / ROWS
