"""Public sets in their authors' columns, with harmless texts of our own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from public_files import ANSWERS, INJECTIONS, REFUSALS, write_csv, write_json, write_lines
from training_helpers import made_up_rows

from guardlet.errors import DataError
from guardlet_training.public_sets import read_parts, read_rows
from guardlet_training.rows import load_rows, write_rows

SECRET = "a-text-no-error-may-show"


@pytest.mark.parametrize(
    ("name", "write"), [("d.csv", write_csv), ("d.json", write_json), ("d.jsonl", write_lines)]
)
def test_do_not_answer(tmp_path: Path, name: str, write: Callable[..., Path]) -> None:
    questions, responses = read_parts(write(tmp_path / name, ANSWERS))
    assert (questions.name, responses.name) == ("questions", "responses")
    assert [(row.prompt, row.response, row.label) for row in questions.rows] == [
        ("apple, bridge 0?", None, 1),
        ("apple, bridge 1?", None, 1),
    ]
    assert questions.rows[1].extra["types_of_harm"] == "harm 2"
    assert questions.dimensions == ("risk_area", "types_of_harm", "specific_harms")
    assert [(row.response, row.label, row.extra["model"]) for row in responses.rows] == [
        ("candle,\ndragon", 0, "GPT4"),
        ("candle,\ndragon", 0, "GPT4"),
        ("engine", 1, "vicuna-7b"),
    ]
    assert [row.extra["action"] for row in responses.rows] == ["0", "0", "5"]
    assert {"model", "action", "risk_area"} <= set(responses.dimensions)


def test_questions_without_responses_are_one_part(tmp_path: Path) -> None:
    bare = [{key: r[key] for key in ("question", "risk_area", "types_of_harm")} for r in ANSWERS]
    (questions,) = read_parts(write_csv(tmp_path / "d.csv", bare))
    assert questions.name == "questions"


@pytest.mark.parametrize(("verdict", "label"), [("1.0", 1), (1, 1), ("0.0", 0), (0.0, 0)])
def test_verdicts_as_pandas_writes_them(tmp_path: Path, verdict: Any, label: int) -> None:
    records = [ANSWERS[0] | {"GPT4_harmful": verdict}]
    _, responses = read_parts(write_csv(tmp_path / "d.csv", records))
    assert responses.rows[0].label == label


def test_another_verdict_is_refused(tmp_path: Path) -> None:
    records = [ANSWERS[0] | {"GPT4_harmful": SECRET}]
    with pytest.raises(DataError, match="record 1: GPT4_harmful must be 0 or 1") as caught:
        read_parts(write_csv(tmp_path / "d.csv", records))
    assert SECRET not in str(caught.value)


def test_injections_are_attacks(tmp_path: Path) -> None:
    (part,) = read_parts(write_json(tmp_path / "prompt_injection.json", INJECTIONS))
    assert [(row.prompt, row.label) for row in part.rows] == [("garden 0", 1), ("garden 1", 1)]
    assert part.rows[1].extra["injection_variant"] == "many_shot_attack"
    assert part.dimensions == ("injection_variant", "injection_type", "risk_category")


def test_false_refusal_prompts_are_harmless(tmp_path: Path) -> None:
    (part,) = read_parts(write_json(tmp_path / "mitre_frr.json", REFUSALS))
    assert [(row.prompt, row.label) for row in part.rows] == [("island", 0), ("ladder", 0)]
    assert part.dimensions == ("attack_type",)


def test_our_own_rows_stay_what_they_are(tmp_path: Path) -> None:
    rows = made_up_rows(5)
    write_rows(tmp_path / "own.jsonl", rows)
    (part,) = read_parts(tmp_path / "own.jsonl")
    assert (part.name, part.dimensions) == ("", ())
    assert part.rows == load_rows(str(tmp_path / "own.jsonl")) == read_rows(tmp_path / "own.jsonl")


@pytest.mark.parametrize(
    "content",
    ["a,b\n1,2\n", "", f"{SECRET}\n", f"question,types_of_harm\n{SECRET},x\n"],
)
def test_unknown_columns_are_refused_with_those_expected(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"odd\.csv has not the columns .*risk_area") as caught:
        read_parts(path)
    assert "injection_variant" in str(caught.value) and "mutated_prompt" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.csv", b"question,risk_area,types_of_harm\na,b,c,d\n", "record 1 has more fields"),
        ("d.csv", b"\xff\xfe", "cannot read"),
        ("d.csv", b'a,"b\n', "cannot read"),
        ("d.json", b"{", "cannot read"),
        ("d.json", b'{"question": 1}', "list of JSON objects"),
        ("d.json", b"[" * 100_000, "cannot read"),
        ("d.jsonl", b"{", "not valid JSON"),
        ("gone.json", None, "cannot read"),
        ("gone.jsonl", None, "no such data file"),
        (
            "d.json",
            b'[{"user_input": 3, "injection_variant": "x", "injection_type": "y"}]',
            "user_input",
        ),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_parts(tmp_path / name)
