"""D in WildGuardMix's columns, with harmless texts."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from public_files import write_json

from guardlet.errors import DataError
from guardlet_training.reproduce.seed_data import seed_rows
from guardlet_training.reproduce.settings import Data

SECRET = "a-text-no-error-may-show"
RECORDS: list[dict[str, Any]] = [
    {"prompt": "apple", "response": None, "prompt_harm_label": "harmful", "subcategory": "fruit"},
    {"prompt": "apple", "response": "bridge", "prompt_harm_label": "harmful"},
    {"prompt": "candle", "response": "", "prompt_harm_label": "unharmful"},
    {"prompt": "dragon", "response": "", "prompt_harm_label": None},
]


def data(source: object) -> Data:
    return Data(str(source), 4, "ODC-BY")


def test_rows_and_exemplars(tmp_path: Path) -> None:
    rows, exemplars = seed_rows(data(write_json(tmp_path / "d.json", RECORDS)))
    assert [(row.prompt, row.response) for row in rows] == [
        ("apple", None),
        ("apple", "bridge"),
        ("candle", None),
        ("dragon", None),
    ]
    assert not any(row.labelled for row in rows)
    assert len({row.id for row in rows}) == 4
    assert rows[0].category == "fruit" and rows[0].license == "ODC-BY"
    assert [(row.prompt, row.label) for row in exemplars] == [("apple", 1)]


def test_the_hub_is_asked_for_the_training_split(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fake(name: str, config: str | None, split: str) -> list[dict[str, Any]]:
        asked.append((name, config, split))
        return RECORDS

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=fake))
    assert len(seed_rows(data("hf://allenai/wildguardmix"))[0]) == 4
    assert asked == [("allenai/wildguardmix", "wildguardtrain", "train")]


@pytest.mark.parametrize(
    "record",
    [
        {"response": SECRET},
        {"prompt": SECRET, "response": 3},
        {"prompt": SECRET, "subcategory": 3},
        {"prompt": SECRET, "prompt_harm_label": SECRET},
    ],
)
def test_a_wrong_record_is_named_and_not_shown(tmp_path: Path, record: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="record 1") as caught:
        seed_rows(data(write_json(tmp_path / "d.json", [record])))
    assert SECRET not in str(caught.value)


def test_data_without_exemplars_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no prompt whose prompt_harm_label is harmful"):
        seed_rows(data(write_json(tmp_path / "d.json", RECORDS[2:])))
