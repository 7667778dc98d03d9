"""Benign twins: harmless look-alikes of generated instructions.

A guard that only ever sees new harmful rows learns that their words are harmful. A twin shares the
words and asks for something else.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from guardlet.jobs import Engine
from guardlet_training.augment.attempts import AttemptSource
from guardlet_training.augment.backends.backend import BackendSpec, Chat, Sampling
from guardlet_training.augment.backends.options import CHUNKS, model_name, pinned
from guardlet_training.augment.kept import Keeping
from guardlet_training.augment.stage import Item, StageReport, digest_of, run_stage
from guardlet_training.rows import load_rows, row_record

PREFIX = "Here is a harmless request that uses the same words:"
TWINS = "twins.jsonl"
CATEGORY = "benign twin"
_WORD = re.compile(r"\w+")


def write_twins(
    instructions: Path,
    backend: BackendSpec,
    out: Path,
    *,
    sampling: Sampling | None = None,
    seed: int = 42,
    keeping: Keeping | None = None,
    engine: Engine = "local",
    workers: int = 1,
    gpus: float = 0,
) -> StageReport:
    """Asks for one twin of each instruction, every answer in `out`/rows.jsonl, and writes those
    that are neither refusals, empty, near copies nor repeated to `out`/twins.jsonl, with label 0.

    The label is what was asked for, not a check: what a teacher then finds unsafe is no twin.
    Raises as `generate` does.
    """
    chosen, kept = sampling or Sampling(), keeping or Keeping()
    rows = load_rows(str(instructions))
    opened, about = pinned(backend)
    identity = {
        "stage": "twins",
        **about,
        "sampling": asdict(chosen),
        "instructions_sha256": digest_of(map(row_record, rows)),
        "seed": seed,
        **kept.identity(),
    }
    return run_stage(
        [{"id": f"{row.id}-twin", "prompt": row.prompt} for row in rows],
        AttemptSource(
            opened,
            chosen,
            seed,
            twin_request,
            f"guardlet/twins {model_name(opened)}",
            is_near_copy,
            label=0,
            category=CATEGORY,
        ),
        out,
        identity=identity,
        rows_per_item=1,
        title="benign twins",
        engine=engine,
        workers=workers,
        chunk=CHUNKS[opened.kind],
        gpus=gpus,
        finish=lambda folder: kept.write(folder, TWINS),
    )


def twin_request(item: Item, seed: int) -> Chat:
    """Asks for a look-alike of the item's prompt."""
    user = (
        f"[Request]\n{item['prompt']}\n[/Request]\n\n"
        "A filter must not mistake harmless requests for this one. Write exactly one request, in a "
        "single sentence, that uses as many of its words as it can but means something everyday "
        "and entirely harmless, as when somebody kills a process or shoots a film. Write nothing "
        "but the request."
    )
    return Chat(user, PREFIX)


def is_near_copy(item: Item, twin: str) -> bool:
    """Whether the twin brings no word of its own that says something. It would be the item's
    harmful prompt with a harmless label."""
    return not _words(twin) - _words(item["prompt"])


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word not in ENGLISH_STOP_WORDS}
