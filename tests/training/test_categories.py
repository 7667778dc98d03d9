"""Figures by category, and `guardlet evaluate` on files that have categories."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from cli_runner import guardlet
from public_files import ANSWERS, INJECTIONS, write_csv, write_json
from training_helpers import made_up_rows

from guardlet_training.categories import by_category, tags
from guardlet_training.metrics import compute_metrics
from guardlet_training.rows import Row, write_rows

LABELS, SCORES = [1, 0, 1, 0], [0.9, 0.8, 0.2, 0.1]


def test_each_category_has_the_figures_of_its_rows() -> None:
    found = by_category(LABELS, SCORES, {"area": ["b", "b", "a", None]}, 0.5)
    assert list(found["area"]) == ["a", "b"]
    assert found["area"]["b"] == compute_metrics([1, 0], [0.9, 0.8], 0.5)
    assert found["area"]["a"] == compute_metrics([1], [0.2], 0.5)


def test_tags_of_rows() -> None:
    rows = [Row("a", "apple", category="x", extra={"area": "y"}), Row("b", "bridge")]
    assert tags(rows, ("area",), own=True) == {"area": ["y", None]}
    assert tags(rows, (), own=True) == {"category": ["x", None]}
    assert tags(rows, (), own=False) == {}
    assert tags(rows[1:], (), own=True) == {}


def test_public_sets_are_reported_by_category(tiny_bundle: Path, tmp_path: Path) -> None:
    answers = write_csv(tmp_path / "do_not_answer.csv", ANSWERS)
    injections = write_json(tmp_path / "prompt_injection.json", INJECTIONS)
    out = tmp_path / "report.json"
    printed = guardlet("evaluate", answers, injections, "--bundle", tiny_bundle, "--json", out)
    sets = json.loads(out.read_text("utf-8"))["datasets"]
    assert list(sets) == ["do_not_answer.questions", "do_not_answer.responses", "prompt_injection"]
    harms = sets["do_not_answer.questions"]["categories"]["types_of_harm"]
    assert {name: item["rows"] for name, item in harms.items()} == {"harm 1": 1, "harm 2": 1}
    models = sets["do_not_answer.responses"]["categories"]["model"]
    assert (models["GPT4"]["fpr"] is None, models["vicuna-7b"]["fpr"] is None) == (False, True)
    assert "many_shot_attack" in printed and "prompt_injection: injection_variant" in printed
    assert "garden" not in printed


def test_our_own_categories_are_reported_when_asked_for(tiny_bundle: Path, tmp_path: Path) -> None:
    rows = [replace(row, category=f"kind {i % 2}") for i, row in enumerate(made_up_rows(12))]
    write_rows(tmp_path / "own.jsonl", rows)
    out = tmp_path / "report.json"
    arguments = ("evaluate", tmp_path / "own.jsonl", "--bundle", tiny_bundle, "--json", out)
    guardlet(*arguments)
    assert "categories" not in json.loads(out.read_text("utf-8"))["datasets"]["own"]
    assert "kind 1" in guardlet(*arguments, "--by-category")
    found = json.loads(out.read_text("utf-8"))["datasets"]["own"]["categories"]["category"]
    assert {name: item["rows"] for name, item in found.items()} == {"kind 0": 6, "kind 1": 6}


def test_many_categories_are_in_the_json_alone(tiny_bundle: Path, tmp_path: Path) -> None:
    rows = [replace(row, category=f"kind {i}") for i, row in enumerate(made_up_rows(25))]
    write_rows(tmp_path / "own.jsonl", rows)
    out = tmp_path / "report.json"
    printed = guardlet(
        *("evaluate", tmp_path / "own.jsonl", "--bundle", tiny_bundle),
        *("--json", out, "--by-category"),
    )
    assert "kind 1" not in printed
    found = json.loads(out.read_text("utf-8"))["datasets"]["own"]["categories"]["category"]
    assert len(found) == 25
