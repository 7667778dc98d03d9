"""`guardlet augment label` with a tiny Llama Guard, alone and with a bundle."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from folders import contents
from run_folders import augment
from tiny_llama_guard import save_llama_guard

from guardlet.errors import DataError, OutputError, TeacherError
from guardlet.jobs import Engine
from guardlet_training.augment.folder import stage_rows
from guardlet_training.augment.label import LabelJob, label
from guardlet_training.augment.teachers.find import TeacherSettings, find_teacher
from guardlet_training.rows import Row, load_rows, write_rows

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is an extra")
CPU = TeacherSettings(device="cpu")
ROWS = [
    *(Row(f"r{n}", f"apple number {n}", "candle " * (n % 3) or None) for n in range(38)),
    Row("known", "bridge", label=0, category="c", source="s", license="l", extra={"more": [1]}),
    Row("long", "z " * 300),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a teacher and rows."""
    place = tmp_path_factory.mktemp("label")
    save_llama_guard(place / "teacher")
    write_rows(place / "rows.jsonl", ROWS)
    return place


def job(place: Path, *more: Path, **options: Any) -> LabelJob:
    teachers = [find_teacher(str(folder), CPU) for folder in (place / "teacher", *more)]
    return LabelJob(str(place / "rows.jsonl"), teachers, **options)


def run(place: Path, out: Path, *more: object) -> str:
    rows, teacher = place / "rows.jsonl", place / "teacher"
    words = ("--teacher", teacher, "--device", "cpu", "-o", out, *more)
    return augment("label", rows, *words)


@pytest.fixture(scope="module")
def hard(place: Path) -> list[dict[str, Any]]:
    output = run(place, place / "hard")
    assert "1 rows have no score" in output
    return list(stage_rows(place / "hard"))


def test_hard_labels_are_the_teachers_verdict(place: Path, hard: list[dict[str, Any]]) -> None:
    assert [row["id"] for row in hard] == [row.id for row in ROWS]
    scores = find_teacher(str(place / "teacher"), CPU).open().score(ROWS)
    assert [row["teacher_score"] for row in hard] == [
        None if score is None else pytest.approx(score, abs=1e-6) for score in scores
    ]
    for row in hard[:-1]:
        assert (row["label"], row["soft_label"]) == (int(row["teacher_score"] > 0.5), None)
    assert {row["label"] for row in hard[:-1]} == {0, 1}
    assert (hard[-1]["label"], hard[-1]["soft_label"], hard[-1]["teacher_score"]) == (None,) * 3


def test_soft_labels_stand_beside_known_ones(place: Path, hard: list[dict[str, Any]]) -> None:
    run(place, place / "soft", "--soft")
    soft = list(stage_rows(place / "soft"))
    assert [row["soft_label"] for row in soft] == [row["teacher_score"] for row in hard]
    for row, other in zip(soft, hard, strict=True):
        assert row["label"] == (0 if row["id"] == "known" else other["label"])


def test_everything_else_of_a_row_stays(place: Path, hard: list[dict[str, Any]]) -> None:
    for before, after in zip(load_rows(str(place / "rows.jsonl")), hard, strict=True):
        kept = {k: v for k, v in after.items() if k not in ("label", "soft_label", "teacher_score")}
        assert kept == {
            **{name: getattr(before, name) for name in kept if name != "more"},
            **before.extra,
        }
    assert load_rows(str(place / "hard" / "rows.jsonl"))[-2].extra["more"] == [1]


def test_the_report_counts_and_the_record_names_the_teacher(
    place: Path, hard: list[dict[str, Any]]
) -> None:
    report = json.loads((place / "hard" / "report.json").read_text())
    prompts = [row for row in hard[:-1] if not row["response"]]
    assert (report["items"], report["rows"], report["unscored"]) == (40, 40, 1)
    assert report["prompts"]["rows"] == len(prompts)
    assert report["prompts"]["harmful"] == sum(row["label"] for row in prompts)
    assert report["responses"]["rows"] == 39 - len(prompts)
    (teacher,) = json.loads((place / "hard" / "run.json").read_text())["teachers"]
    assert (teacher["teacher"], teacher["model"]) == ("llama-guard", "teacher")
    assert teacher["revision"].startswith("sha256:")


def test_several_teachers_are_averaged(place: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    asked = job(place, tiny_bundle, soft=True)
    label(asked, tmp_path / "both")
    columns = [spec.open().score(ROWS[:-1]) for spec in asked.teachers]
    means = [(a + b) / 2 for a, b in zip(*columns, strict=True) if a is not None and b is not None]
    found = [row["soft_label"] for row in stage_rows(tmp_path / "both")]
    assert found == [*(pytest.approx(mean, abs=1e-6) for mean in means), None]


def test_a_stop_changes_no_byte(place: Path, tmp_path: Path) -> None:
    """Scores are of the same rows together, so that their last bits are the same."""
    label(job(place, soft=True), tmp_path / "whole", chunk=8)
    text = (tmp_path / "whole" / "rows.jsonl").read_bytes()
    for share in (0.2, 0.5, 0.9):
        out = tmp_path / f"stopped-{share}"
        out.mkdir()
        (out / "run.json").write_bytes((tmp_path / "whole" / "run.json").read_bytes())
        (out / "rows.jsonl.partial").write_bytes(text[: round(len(text) * share)])
        assert label(job(place, soft=True), out, chunk=8).new < len(ROWS)
        assert contents(out) == contents(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", pytest.param("ray", marks=needs_ray)])
def test_workers_change_no_byte(
    place: Path, tiny_bundle: Path, tmp_path: Path, engine: Engine
) -> None:
    asked = LabelJob(str(place / "rows.jsonl"), [find_teacher(str(tiny_bundle))])
    label(asked, tmp_path / "one")
    label(asked, tmp_path / "two", workers=2, engine=engine)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_cannot_be_labelled_is_refused(place: Path, tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="--teacher"):
        label(LabelJob(str(place / "rows.jsonl"), []), tmp_path / "out")
    write_rows(tmp_path / "twice.jsonl", [ROWS[0], ROWS[0]])
    teachers = job(place).teachers
    with pytest.raises(DataError, match="of an earlier one"):
        label(LabelJob(str(tmp_path / "twice.jsonl"), teachers), tmp_path / "out")
    write_rows(tmp_path / "other.jsonl", ROWS[:-1])
    label(job(place), tmp_path / "hard")
    for what, other in {
        "soft": job(place, soft=True),
        "rows_sha256": LabelJob(str(tmp_path / "other.jsonl"), teachers),
        "teachers": job(place, place / "teacher"),
    }.items():
        with pytest.raises(OutputError, match=rf"another run \(other {what}\)"):
            label(other, tmp_path / "hard")
