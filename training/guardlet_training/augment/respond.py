"""Answers to instructions: a refusal, a compliant answer, and none (arXiv 2410.01524, 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet.jobs import Engine
from guardlet.scan.share import wilson
from guardlet_training.augment.backends.backend import Backend, BackendSpec, Chat, Sampling
from guardlet_training.augment.backends.options import CHUNKS, model_name, pinned
from guardlet_training.augment.folder import stage_rows
from guardlet_training.augment.refusals import is_refusal
from guardlet_training.augment.seeds import row_seed
from guardlet_training.augment.stage import (
    Item,
    ItemRows,
    StageReport,
    Worker,
    digest_of,
    run_stage,
)
from guardlet_training.rows import load_rows, row_record

REFUSAL, COMPLIANT, NONE = "refusal", "compliant", "none"
RESPONSE = Sampling(max_new_tokens=256)


@dataclass(frozen=True)
class RespondJob:
    """What to answer, and who answers. A model that is None is left out, and so are the rows
    without a response when `prompts` is false."""

    instructions: str
    refusing: BackendSpec | None
    compliant: BackendSpec | None
    prompts: bool = True
    sampling: Sampling = RESPONSE
    seed: int = 42

    @property
    def models(self) -> dict[str, BackendSpec]:
        """The models that answer, by what they answer."""
        asked = {REFUSAL: self.refusing, COMPLIANT: self.compliant}
        return {kind: spec for kind, spec in asked.items() if spec is not None}


def respond(
    job: RespondJob,
    out: Path,
    *,
    engine: Engine = "local",
    workers: int = 1,
    gpus: float = 0,
) -> StageReport:
    """Writes up to three rows for each instruction to `out`/rows.jsonl: with the refusing model's
    answer, the compliant model's, and none. Their ids are the instruction's with -refusal,
    -compliant and -none; an `answer` says the same, and `refused` what refusal matching finds.

    Answers are not labelled: a model may comply where it should refuse. A worker holds both
    models; where they do not fit, make their answers in two runs. Raises DataError for
    instructions that cannot be used, BackendError, and what `run_stage` raises.
    """
    specs, abouts = {}, {}
    for kind, spec in job.models.items():
        specs[kind], abouts[kind] = pinned(spec)
    kinds = (*specs, *([NONE] if job.prompts else []))
    if not kinds:
        raise DataError("no rows to make: give a refusing or a compliant model")
    items = [row_record(row) for row in load_rows(job.instructions)]
    identity = {
        "stage": "respond",
        "answers": list(kinds),
        "models": abouts,
        "sampling": asdict(job.sampling),
        "seed": job.seed,
        "instructions_sha256": digest_of(items),
    }
    return run_stage(
        items,
        RespondSource(specs, kinds, job.sampling, job.seed),
        out,
        identity=identity,
        rows_per_item=len(kinds),
        title="respond",
        engine=engine,
        workers=workers,
        chunk=min(CHUNKS[spec.kind] for spec in specs.values()) if specs else CHUNKS["vllm"],
        gpus=gpus,
        finish=lambda folder: _figures(folder, tuple(specs)),
    )


@dataclass(frozen=True)
class RespondSource:
    """Opens workers that hold every model and make a row of each of `kinds`."""

    models: Mapping[str, BackendSpec]
    kinds: tuple[str, ...]
    sampling: Sampling
    seed: int

    @contextmanager
    def open(self) -> Iterator[Worker]:
        """Raises BackendError."""
        with ExitStack() as stack:
            opened = {
                kind: stack.enter_context(closing(spec.open()))
                for kind, spec in self.models.items()
            }
            yield partial(self._rows, opened)

    def _rows(self, backends: Mapping[str, Backend], items: Sequence[Item]) -> list[ItemRows]:
        columns = [
            self._answered(kind, backends[kind], items)
            if kind in backends
            else [_row(item, kind) for item in items]
            for kind in self.kinds
        ]
        return [list(rows) for rows in zip(*columns, strict=True)]

    def _answered(self, kind: str, backend: Backend, items: Sequence[Item]) -> ItemRows:
        texts = backend.complete(
            [Chat(item["prompt"]) for item in items],
            self.sampling,
            [row_seed(self.seed, _id(item, kind)) for item in items],
        )
        source = f"guardlet/respond {model_name(self.models[kind])}"
        return [
            _row(item, kind)
            | {
                "response": text.strip(),
                "label": None,
                "soft_label": None,
                "source": source,
                "license": None,
                "refused": is_refusal(text),
            }
            for item, text in zip(items, texts, strict=True)
        ]


def _id(item: Item, kind: str) -> str:
    return f"{item['id']}-{kind}"


def _row(item: Item, kind: str) -> dict[str, Any]:
    """The instruction alone, with all that was known of it."""
    return {**item, "id": _id(item, kind), "response": None, "answer": kind, "refused": None}


def _figures(folder: Path, kinds: Sequence[str]) -> dict[str, Any]:
    """How often each model refused, with Wilson's 95 % interval, and said nothing."""
    answers: dict[str, list[tuple[bool, bool]]] = {kind: [] for kind in kinds}
    for row in stage_rows(folder):
        if row["answer"] in answers:
            answers[row["answer"]].append((row["refused"], not row["response"]))
    return {
        kind: {
            "rows": len(found),
            "refused": asdict(wilson(sum(refused for refused, _ in found), len(found))),
            "empty": sum(empty for _, empty in found),
        }
        for kind, found in answers.items()
    }
