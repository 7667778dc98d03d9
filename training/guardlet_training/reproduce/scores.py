"""Measuring a model on the paper's sets, every row of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from guardlet.cli.console import track
from guardlet.errors import OutputError
from guardlet.files import write_text
from guardlet_training.augment.teachers.find import find_teacher
from guardlet_training.augment.teachers.teacher import Teacher
from guardlet_training.metrics import Metrics, compute_metrics
from guardlet_training.rows import Row

THRESHOLD = 0.5  # the paper's, of teachers and of students, whose argmax it is
_BATCH = 32


@dataclass(frozen=True)
class Scored:
    """Metrics by set, and how many rows of each the model could not read: they count as safe."""

    sets: Mapping[str, Metrics]
    unread: Mapping[str, int]


def measure(model: str, sets: Mapping[str, Sequence[Row]], file: Path) -> Scored:
    """Scores a folder or hub id on all sets and keeps the figures in `file`, from where they are
    read when it exists. Raises TeacherError, and OutputError when the file was altered."""
    if file.is_file():
        return _read(file)
    opened = find_teacher(model).open()
    metrics, unread = {}, {}
    for name, rows in sets.items():
        scores = _scores(opened, rows, f"score {name}")
        unread[name] = sum(score is None for score in scores)
        known = [0.0 if score is None else score for score in scores]
        metrics[name] = compute_metrics([row.target for row in rows], known, THRESHOLD)
    scored = Scored(metrics, unread)
    write_text(file, json.dumps(asdict(scored), indent=2) + "\n")
    return scored


def _scores(model: Teacher, rows: Sequence[Row], title: str) -> list[float | None]:
    """In order of the rows; those of similar length go through the model together."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].prompt + (rows[i].response or "")))
    batches = [order[begin : begin + _BATCH] for begin in range(0, len(order), _BATCH)]
    scores: list[float | None] = [None] * len(rows)
    for batch in track(batches, title, len(batches)):
        for i, score in zip(batch, model.score([rows[i] for i in batch]), strict=True):
            scores[i] = score
    return scores


def _read(file: Path) -> Scored:
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
        metrics = {name: Metrics(**item) for name, item in tree["sets"].items()}
        return Scored(metrics, tree["unread"])
    except (ValueError, TypeError, KeyError):
        raise OutputError(f"{file} was altered; delete it") from None
