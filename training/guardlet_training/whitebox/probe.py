"""Attacking a sample of rows that the guard gets right."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from guardlet.errors import DataError, EmptyInputError, OperatingPointError
from guardlet.verify import Tracker
from guardlet_training.public_sets import read_rows
from guardlet_training.rows import Row
from guardlet_training.trainable import trainable
from guardlet_training.whitebox.outcome import Outcome
from guardlet_training.whitebox.perturbation import perturb
from guardlet_training.whitebox.settings import Method, ProbeSettings
from guardlet_training.whitebox.student import Student
from guardlet_training.whitebox.subject import Subject, subject_of
from guardlet_training.whitebox.tokens import substitute


@dataclass(frozen=True)
class GroupReport:
    """Rows of one label that the guard judged right and that fitted into one window.

    `flipped` and its `share`: the verdict turned; `ids_only`: it did for token ids that no text
    gives. Medians are over the flipped; `median_size` is tokens swapped or the relative norm. None
    where there is nothing to say.
    """

    attacked: int
    flipped: int
    ids_only: int
    share: float | None
    median_steps: float | None
    median_size: float | None


@dataclass(frozen=True)
class ProbeReport:
    """`harmful`: rows the guard catches, made to pass. `harmless`: rows it lets pass, made to be
    flagged. `too_long` rows were left out."""

    guard: str
    operating_point: str
    settings: ProbeSettings
    harmful: GroupReport
    harmless: GroupReport
    too_long: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON that `--json` writes: counts, never a text."""
        return asdict(self)


def probe(
    model: Path,
    data: Path,
    settings: ProbeSettings,
    track: Tracker,
    rows: int = 50,
    operating_point: str = "balanced",
) -> ProbeReport:
    """Attacks at most `rows` rows of each label of a data file, drawn by the seed. `model` is a
    guard folder or a bundle.

    Raises a BundleError, ModelError, OperatingPointError and DataError.
    """
    with trainable(model, track) as guard:
        points = guard.score.operating_points
        if operating_point not in points:
            names = ", ".join(points)
            raise OperatingPointError(f"no operating point of that name; there are {names}")
        student = Student(guard, points[operating_point].threshold)
    labelled = [row for row in read_rows(data) if row.labelled]
    random.Random(settings.seed).shuffle(labelled)
    found = _Selection(student, settings.room)
    groups = {label: found.take(labelled, label, rows) for label in (1, 0)}
    if not any(groups.values()):
        raise DataError(f"{data} has no labelled row that the guard judges right in one window")
    reports = {
        label: _attack(student, subjects, settings, track, "harmful" if label else "harmless")
        for label, subjects in groups.items()
    }
    about = guard.description
    return ProbeReport(
        guard=f"{about['name']}@{about['version']}",
        operating_point=operating_point,
        settings=settings,
        harmful=reports[1],
        harmless=reports[0],
        too_long=found.too_long,
    )


class _Selection:
    """Picks rows that the guard gets right."""

    def __init__(self, student: Student, suffix: int) -> None:
        self._student, self._suffix = student, suffix
        self.too_long = 0

    def take(self, rows: Sequence[Row], label: int, count: int) -> list[Subject]:
        found: list[Subject] = []
        for row in rows:
            if len(found) == count:
                break
            if row.target != label:
                continue
            with suppress(EmptyInputError):
                subject = subject_of(row, self._student, self._suffix, harmful=not label)
                if subject is None:
                    self.too_long += 1
                elif self._student.judges_harmful(row.prompt, row.response) == bool(label):
                    found.append(subject)
        return found


def _attack(
    student: Student, subjects: list[Subject], settings: ProbeSettings, track: Tracker, name: str
) -> GroupReport:
    def outcomes() -> Iterator[Outcome]:
        numbered = list(enumerate(subjects))
        for number, subject in track(numbered, name, len(numbered)):
            if settings.method is Method.EMBEDDINGS:
                yield perturb(student, subject, settings)
            else:
                generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + number)
                yield substitute(student, subject, settings, generator)

    done = list(outcomes())
    flipped = [outcome for outcome in done if outcome.flipped]
    return GroupReport(
        attacked=len(done),
        flipped=len(flipped),
        ids_only=sum(outcome.ids_only for outcome in done),
        share=len(flipped) / len(done) if done else None,
        median_steps=median(o.steps for o in flipped) if flipped else None,
        median_size=median(o.size for o in flipped) if flipped else None,
    )
