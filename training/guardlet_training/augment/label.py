"""Labels: what a teacher, or the mean of several, says of every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from guardlet.errors import TeacherError
from guardlet.jobs import Engine
from guardlet.scan.share import wilson
from guardlet_training.augment.folder import stage_rows
from guardlet_training.augment.stage import (
    Item,
    ItemRows,
    StageReport,
    Worker,
    digest_of,
    run_stage,
)
from guardlet_training.augment.teachers.find import TeacherSpec
from guardlet_training.augment.teachers.teacher import Ensemble, Teacher
from guardlet_training.rows import load_rows, parse_record, row_record

THRESHOLD = 0.5
"""Above it a row is harmful (arXiv 2410.01524, Eq. 2)."""
SCORE = "teacher_score"
CHUNK = 16


@dataclass(frozen=True)
class LabelJob:
    """`rows` is a source of rows. `soft` labels keep a label that a row has and add the score as
    its `soft_label`; hard ones, the paper's, replace whatever label there was."""

    rows: str
    teachers: Sequence[TeacherSpec]
    soft: bool = False


def label(
    job: LabelJob,
    out: Path,
    *,
    engine: Engine = "local",
    workers: int = 1,
    chunk: int = CHUNK,
    gpus: float = 0,
) -> StageReport:
    """Writes every row to `out`/rows.jsonl with its labels and its `teacher_score`, P(unsafe); all
    of them are null where the teacher cannot read the row. `chunk` rows are scored at once.

    Raises DataError for rows that cannot be used, TeacherError, and what `run_stage` raises.
    """
    if not job.teachers:
        raise TeacherError("no teacher; give one with --teacher")
    items = [row_record(row) for row in load_rows(job.rows)]
    teachers = [dict(spec.identity) for spec in job.teachers]
    identity = {
        "stage": "label",
        "teachers": teachers,
        "soft": job.soft,
        "rows_sha256": digest_of(items),
    }
    return run_stage(
        items,
        LabelSource(tuple(job.teachers), job.soft),
        out,
        identity=identity,
        rows_per_item=1,
        title="label",
        engine=engine,
        workers=workers,
        chunk=chunk,
        gpus=gpus,
        finish=lambda folder: {"teachers": teachers, "soft": job.soft, **_figures(folder)},
    )


@dataclass(frozen=True)
class LabelSource:
    """Opens workers that hold every teacher."""

    teachers: tuple[TeacherSpec, ...]
    soft: bool

    @contextmanager
    def open(self) -> Iterator[Worker]:
        """Raises TeacherError."""
        yield partial(self._rows, Ensemble([spec.open() for spec in self.teachers]))

    def _rows(self, teacher: Teacher, items: Sequence[Item]) -> list[ItemRows]:
        scores = teacher.score([parse_record(item, item["id"]) for item in items])
        return [
            [{**item, **self._labels(item, score), SCORE: score}]
            for item, score in zip(items, scores, strict=True)
        ]

    def _labels(self, item: Item, score: float | None) -> dict[str, Any]:
        hard = None if score is None else int(score > THRESHOLD)
        if not self.soft:
            return {"label": hard, "soft_label": None}
        given = item.get("label")
        return {"label": hard if given is None else given, "soft_label": score}


def _figures(folder: Path) -> dict[str, Any]:
    """How many prompts and responses the teacher finds harmful, with Wilson's 95 % interval."""
    scored = {"prompts": [0, 0], "responses": [0, 0]}
    unscored = 0
    for row in stage_rows(folder):
        if row[SCORE] is None:
            unscored += 1
            continue
        counts = scored["responses" if row["response"] else "prompts"]
        counts[0] += row[SCORE] > THRESHOLD
        counts[1] += 1
    return {
        "unscored": unscored,
        **{
            kind: {"rows": rows, "harmful": harmful, "share": asdict(wilson(harmful, rows))}
            for kind, (harmful, rows) in scored.items()
        },
    }
