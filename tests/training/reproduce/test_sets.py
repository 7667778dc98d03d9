"""The paper's evaluation sets in their own columns, with harmless texts."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from public_files import write_csv, write_json, write_lines

from guardlet.errors import DataError
from guardlet_training.reproduce.sets import SETS, load_set

SECRET = "a-text-no-error-may-show"
OAI = [{"prompt": "apple", "toxicity": 1}, {"prompt": "", "toxicity": 0}]
RELEASED = [
    {"prompt": "apple", "S": 0, "H": None, "V2": 1},
    {"prompt": "bridge", "S": 0, "H": None, "V2": 0},
]
TOXIC = [
    {"user_input": "apple", "toxicity": 0, "jailbreaking": 1, "human_annotation": False},
    {"user_input": "bridge", "toxicity": 1, "jailbreaking": 0, "human_annotation": True},
]
HARMBENCH = [
    {"prompt": "apple", "response": "bridge", "label": "safe"},
    {"prompt": "apple", "response": "candle", "label": "unsafe"},
]
WILDGUARD = [
    {"prompt": "apple", "response": "b", "prompt_harm_label": "harmful", "response_harm_label": x}
    for x in ("harmful", "unharmful", None)
]


def parts(name: str, path: Path) -> list[tuple[str, str | None, int | None]]:
    rows = load_set(SETS[name], str(path), warn=lambda _: None)
    return [(row.prompt, row.response, row.label) for row in rows]


def write_parquet(path: Path, records: list[dict[str, Any]]) -> Path:
    from pyarrow import Table
    from pyarrow.parquet import write_table

    write_table(Table.from_pylist(records), path)
    return path


def write_packed(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_bytes(gzip.compress(write_lines(path, records).read_bytes()))
    return path


@pytest.mark.parametrize(
    ("file", "write"),
    [
        ("d.csv", write_csv),
        ("d.json", write_json),
        ("d.jsonl", write_lines),
        ("d.jsonl.gz", write_packed),
        ("d.parquet", write_parquet),
    ],
)
def test_every_kind_of_file(tmp_path: Path, file: str, write: Callable[..., Path]) -> None:
    path = write(tmp_path / file, TOXIC)
    assert parts("toxicchat", path) == [("apple", None, 0), ("bridge", None, 1)]
    path = write(tmp_path / file, WILDGUARD)
    assert [label for _, _, label in parts("wildguardmix", path)] == [1, 0, 0]


def test_oai_keeps_every_row_and_any_category_is_harmful(tmp_path: Path) -> None:
    assert parts("oai", write_json(tmp_path / "d.json", OAI)) == [("apple", None, 1), ("", None, 0)]
    released = write_lines(tmp_path / "d.jsonl", RELEASED)
    assert parts("oai", released) == [("apple", None, 1), ("bridge", None, 0)]
    assert parts("oai", write_csv(tmp_path / "d.csv", RELEASED)) == parts("oai", released)


def test_harmbench_judges_responses(tmp_path: Path) -> None:
    path = write_json(tmp_path / "d.json", HARMBENCH)
    assert parts("harmbench", path) == [("apple", "bridge", 0), ("apple", "candle", 1)]


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("oai", {"prompt": SECRET}),
        ("oai", {"prompt": SECRET, "toxicity": SECRET}),
        ("toxicchat", {"user_input": SECRET}),
        ("harmbench", {"prompt": SECRET, "response": SECRET, "label": SECRET}),
        ("harmbench", {"prompt": SECRET, "response": None, "label": "safe"}),
        ("wildguardmix", {"prompt": SECRET, "response_harm_label": SECRET}),
        ("wildguardmix", {"prompt": SECRET, "response": 3}),
        ("wildguardmix", {"response": SECRET}),
    ],
)
def test_a_wrong_record_is_named_and_not_shown(
    tmp_path: Path, name: str, record: dict[str, Any]
) -> None:
    path = write_json(tmp_path / "d.json", [record])
    with pytest.raises(DataError, match="record 1") as caught:
        load_set(SETS[name], str(path))
    assert SECRET not in str(caught.value)


def oai_file(folder: Path, rows: int, harmful: int) -> Path:
    records = [{"prompt": f"apple {i}", "toxicity": int(i < harmful)} for i in range(rows)]
    return write_json(folder / "d.json", records)


def test_counts_are_the_papers(tmp_path: Path) -> None:
    rows = load_set(SETS["oai"], str(oai_file(tmp_path, 1680, 522)))
    assert (len(rows), sum(row.target for row in rows)) == (1680, 522)
    assert (SETS["harmbench"].rows, SETS["harmbench"].harmful) == (602, 273)
    assert SETS["toxicchat"].rows == 5083


@pytest.mark.parametrize(
    ("rows", "harmful", "message"),
    [(1679, 522, "1680 rows in the paper, this has 1679"), (1680, 521, "522 harmful rows")],
)
def test_other_counts_are_an_error_or_a_warning(
    tmp_path: Path, rows: int, harmful: int, message: str
) -> None:
    path = oai_file(tmp_path, rows, harmful)
    with pytest.raises(DataError, match=message):
        load_set(SETS["oai"], str(path))
    heard: list[str] = []
    assert len(load_set(SETS["oai"], str(path), warn=heard.append)) == rows
    assert len(heard) == 1 and message in heard[0]


@pytest.mark.parametrize(
    ("name", "config", "split"),
    [
        ("oai", None, "train"),  # there is no other
        ("toxicchat", "toxicchat0124", "test"),
        ("wildguardmix", "wildguardtest", "test"),
    ],
)
def test_the_hub_is_asked_for_the_papers_part(
    monkeypatch: pytest.MonkeyPatch, name: str, config: str | None, split: str
) -> None:
    asked = []

    def fake(*words: str | None, split: str) -> list[dict[str, Any]]:
        asked.append((*words, split))
        return []

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=fake))
    assert load_set(SETS[name], "hf://owner/name", warn=lambda _: None) == []
    assert asked == [("owner/name", config, split)]
