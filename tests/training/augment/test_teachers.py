"""Classifiers and bundles as teachers, and the mean of several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tiny_models import save_plain_model, save_tiny_guard, tiny_classifier

from guardlet import Guard
from guardlet.errors import TeacherError
from guardlet_export.classifier import load_classifier
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.plain_model import About, describe
from guardlet_export.reference import TorchEngine
from guardlet_export.rows import Row
from guardlet_training.augment.teachers.classifier import ClassifierTeacher
from guardlet_training.augment.teachers.find import TeacherSettings, find_teacher
from guardlet_training.augment.teachers.teacher import Ensemble, Teacher, in_halves

ROWS = [
    Row("a", "apple bridge candle"),
    Row("b", "yellow zebra", "dragon engine forest garden " * 3),
    Row("c", "window velvet " * 40),
    Row("d", "x", ""),
    Row("e", "saddle", "timber " * 100),
]
CPU = TeacherSettings(device="cpu")


def one_by_one(folder: GuardFolder, model: object) -> list[float]:
    guard = Guard(folder.encoder(), TorchEngine(model), folder.score)
    return [guard.check(row.prompt, row.response).score for row in ROWS]


@pytest.mark.parametrize("family", ["mini", "v3", "bert", "roberta"])
def test_a_classifier_scores_as_the_guard_made_of_it(tmp_path: Path, family: str) -> None:
    labels = {0: "unsafe", 1: "safe"}
    save_plain_model(tmp_path, family, id2label=labels, label2id={v: k for k, v in labels.items()})
    model = load_classifier(str(tmp_path))
    expected = one_by_one(describe(str(tmp_path), model, About(harmful_index=0)), model)
    teacher = find_teacher(str(tmp_path), CPU).open()
    assert teacher.score(ROWS) == pytest.approx(expected, abs=1e-5)
    assert [teacher.score([row])[0] for row in ROWS] == pytest.approx(expected, abs=1e-5)
    assert max(expected) - min(expected) > 0.01


def test_a_guard_folder_scores_with_its_own_rules(tmp_path: Path) -> None:
    save_tiny_guard(tmp_path, tiny_classifier("mini"))
    folder = GuardFolder.open(tmp_path)
    teacher = find_teacher(str(tmp_path), CPU).open()
    expected = one_by_one(folder, load_classifier(str(tmp_path)))
    assert teacher.score(ROWS) == pytest.approx(expected, abs=1e-5)


def test_a_bundle_scores_as_its_guard(tiny_bundle: Path) -> None:
    spec = find_teacher(str(tiny_bundle))
    guard = Guard.load(tiny_bundle, threads=1)
    expected = [guard.check(row.prompt, row.response).score for row in ROWS]
    assert spec.kind == "bundle"
    assert spec.open().score(ROWS) == expected


def test_a_row_with_nothing_in_it_has_no_score(tmp_path: Path, tiny_bundle: Path) -> None:
    save_plain_model(tmp_path, "bert")
    settings = TeacherSettings(harmful_index=1, device="cpu")
    for teacher in (
        find_teacher(str(tiny_bundle)).open(),
        find_teacher(str(tmp_path), settings).open(),
    ):
        first, blank = teacher.score([ROWS[0], Row("z", " \n")])
        assert first is not None and blank is None
        assert teacher.score([Row("z", "")]) == [None]


@pytest.mark.parametrize(
    ("names", "index"),
    [(("SAFE", "UNSAFE"), 1), (("toxic", "neutral"), 0), (("benign", "jailbreak", "other"), 1)],
)
def test_the_name_of_a_label_says_which_is_unsafe(
    tmp_path: Path, names: Sequence[str], index: int
) -> None:
    labels = dict(enumerate(names))
    inverse = {name: i for i, name in labels.items()}
    save_plain_model(tmp_path, "bert", id2label=labels, label2id=inverse)
    named = ClassifierTeacher(str(tmp_path), device="cpu").score(ROWS)
    assert named == ClassifierTeacher(str(tmp_path), harmful_index=index, device="cpu").score(ROWS)


@pytest.mark.parametrize("names", [("LABEL_0", "LABEL_1"), ("hate", "offensive")])
def test_labels_that_do_not_say_are_asked_for(tmp_path: Path, names: Sequence[str]) -> None:
    labels = dict(enumerate(names))
    inverse = {name: i for i, name in labels.items()}
    save_plain_model(tmp_path, "bert", id2label=labels, label2id=inverse)
    with pytest.raises(TeacherError, match=f"0 \\({names[0]}\\), 1 .*--harmful-index"):
        ClassifierTeacher(str(tmp_path))
    with pytest.raises(TeacherError, match="harmful index 2 is none"):
        ClassifierTeacher(str(tmp_path), harmful_index=2)


def test_another_bundle_in_the_folder_is_noticed(tmp_path: Path, tiny_bundle: Path) -> None:
    spec = find_teacher(str(tiny_bundle))
    other = type(spec)(spec.kind, spec.model, "0" * 64, spec.settings)
    with pytest.raises(TeacherError, match="another bundle"):
        other.open()


class Constant:
    def __init__(self, *scores: float | None) -> None:
        self.scores = list(scores)

    def score(self, rows: Sequence[Row]) -> list[float | None]:
        return self.scores


def test_an_ensemble_is_the_mean_and_silent_where_one_is() -> None:
    teachers: list[Teacher] = [Constant(0.25, 1.0, None), Constant(0.75, 0.5, 0.5)]
    assert Ensemble(teachers).score(ROWS[:3]) == [0.5, 0.75, None]


def test_a_batch_that_does_not_fit_is_halved() -> None:
    sizes = []

    def run(items: Sequence[int]) -> list[int]:
        sizes.append(len(items))
        if len(items) > 2:
            raise torch.OutOfMemoryError
        return [item * 10 for item in items]

    assert in_halves(run, range(7)) == [0, 10, 20, 30, 40, 50, 60]
    assert sizes == [7, 3, 1, 2, 4, 2, 2]

    def never(items: Sequence[int]) -> list[int]:
        raise torch.OutOfMemoryError

    with pytest.raises(TeacherError, match="too long for the memory"):
        in_halves(never, range(7))
