"""Margins, gradients and texts of the student under attack."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import VOCABULARY, save_tiny_guard, tiny_classifier

from guardlet.encoder import Judged
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import TorchEngine
from guardlet_training.rows import Row
from guardlet_training.whitebox.student import Student
from guardlet_training.whitebox.subject import subject_of, survives, texts

PAIR = Row("pair", "apple bridge", "candle dragon engine", label=1)
PROMPT = Row("prompt", "apple bridge forest", label=1)


@pytest.fixture(scope="module", params=["mini", "v3", "bert"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp(request.param)
    return save_tiny_guard(target, tiny_classifier(request.param))


@pytest.fixture(scope="module")
def student(folder: Path) -> Student:
    return Student(GuardFolder.open(folder), 0.5)


@pytest.mark.parametrize("row", [PROMPT, PAIR], ids=lambda row: row.id)
def test_margins_are_those_of_the_reference(folder: Path, student: Student, row: Row) -> None:
    window = student.encoder.encode(row.prompt, row.response).windows[0]
    safe, harmful = TorchEngine.from_folder(folder).logits(window)
    ids, types = torch.tensor([window.ids]), torch.tensor(window.type_ids)
    assert float(student.margins(ids, types)) == pytest.approx(harmful - safe, abs=1e-5)
    embeds = student.embeddings[ids[0].to(student.device)]
    assert student.gradient(embeds, types)[0] == pytest.approx(harmful - safe, abs=1e-5)


def test_the_gradient_is_the_slope(student: Student) -> None:
    window = student.encoder.encode(PAIR.prompt, PAIR.response).windows[0]
    types = torch.tensor(window.type_ids)
    embeds = student.embeddings[torch.tensor(window.ids, device=student.device)]
    _, gradient = student.gradient(embeds, types)
    step = 1e-2 * gradient / gradient.norm()
    up, down = (student.gradient(embeds + sign * step, types)[0] for sign in (1, -1))
    assert (up - down) / 2e-2 == pytest.approx(float(gradient.norm()), rel=0.05)


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.9])
@pytest.mark.parametrize("judged", ["prompt", "response"])
def test_the_limit_is_the_threshold(
    tiny_guard: Path, tmp_path: Path, judged: Judged, threshold: float
) -> None:
    shutil.copytree(tiny_guard, tmp_path / "guard")
    guard = GuardFolder.open(tmp_path / "guard")
    guard.save_score(replace(guard.score, temperature=1.7, response_bias=0.6))
    guard = GuardFolder.open(tmp_path / "guard")
    student = Student(guard, threshold)
    limit = student.limit(judged)
    score = guard.score.score(np.array([0.0, limit]), judged)
    assert score == pytest.approx(threshold)
    assert student.reached(limit, judged, True) and not student.reached(limit, judged, False)


def test_extreme_thresholds(tiny_guard: Path) -> None:
    guard = GuardFolder.open(tiny_guard)
    assert Student(guard, 0.0).judges_harmful("apple", None)
    assert not Student(guard, 1.0).judges_harmful("apple", None)


def test_special_tokens_are_never_swapped_in(student: Student) -> None:
    allowed = student.allowed
    assert not allowed[:5].any() and allowed[5:].all()
    assert len(allowed) == len(VOCABULARY)


@pytest.mark.parametrize("row", [PROMPT, PAIR], ids=lambda row: row.id)
@pytest.mark.parametrize("suffix", [0, 3])
def test_only_the_judged_text_may_change(student: Student, row: Row, suffix: int) -> None:
    subject = subject_of(row, student, suffix, harmful=False)
    assert subject is not None
    judged = student.encoder.tokenize(row.response or row.prompt)[0]
    changing = list(subject.ids[subject.begin : subject.end])
    assert len(changing) == suffix if suffix else changing == judged
    assert len(subject.types) == len(subject.ids)
    prompt, response = texts(subject, subject.ids, student)
    assert (response or prompt).startswith(row.response or row.prompt)
    assert response is None or prompt == row.prompt
    assert survives(subject, subject.ids, student)


def test_pieces_that_no_text_gives_do_not_survive(student: Student) -> None:
    subject = subject_of(PROMPT, student, 2, harmful=False)
    assert subject is not None
    ids = list(subject.ids)
    ids[subject.begin] = VOCABULARY.index("##q")
    assert not survives(subject, ids, student)


def test_a_text_without_room_for_the_suffix_is_left_out(student: Student) -> None:
    room = student.encoder.rules.max_tokens - 2
    full = Row("full", "apple " * room, label=1)
    assert subject_of(full, student, 0, harmful=False) is not None
    assert subject_of(full, student, 1, harmful=False) is None
