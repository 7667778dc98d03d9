"""Rates as they are typed, and from a report of `guardlet evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guardlet.errors import DataError
from guardlet.scan.rates import Rates, parse_rates, rates_of_evaluation


def report(path: Path, **sets: dict[str, Any]) -> Path:
    found = {"bundle": "tiny@1.2.3", "operating_point": "balanced", "datasets": sets}
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def test_rates_are_typed_in_any_order() -> None:
    assert parse_rates("recall=.85,fpr=.05") == parse_rates("fpr=0.05, recall=.85")
    assert parse_rates("recall=.85,fpr=.05") == Rates(0.85, 0.05)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".8,.1",
        "recall=.8",
        "recall=.8,fpr=x",
        "recall=2,fpr=.1",
        "recall=.8,fpr=nan",
        "recall=.8,fpr=-0.1",
        "recall=.8,fpr=.1,rows=3",
        "a=b=c,recall=1,fpr=0",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"recall=\.85,fpr=\.05"):
        parse_rates(text)


@pytest.mark.parametrize("text", ["recall=.2,fpr=.2", "recall=.1,fpr=.6"])
def test_a_guard_no_better_than_chance_corrects_nothing(text: str) -> None:
    with pytest.raises(DataError, match="say nothing"):
        parse_rates(text)


def test_an_evaluation_counts_rows_over_all_sets(tmp_path: Path) -> None:
    path = report(
        tmp_path / "e.json",
        mixed={"rows": 30, "harmful": 10, "recall": 0.9, "fpr": 0.1},
        harmful={"rows": 30, "harmful": 30, "recall": 0.5, "fpr": None},
        benign={"rows": 60, "harmful": 0, "recall": None, "fpr": 0.2},
    )
    found = rates_of_evaluation(path, "tiny@1.2.3", "balanced")
    assert found.recall == pytest.approx(24 / 40) and found.harmful_rows == 40
    assert found.fpr == pytest.approx(14 / 80) and found.benign_rows == 80


def test_rates_of_another_guard_are_refused(tmp_path: Path) -> None:
    path = report(tmp_path / "e.json", a={"rows": 2, "harmful": 1, "recall": 1.0, "fpr": 0.0})
    for bundle, point in (("other@1.0.0", "balanced"), ("tiny@1.2.3", "strict")):
        with pytest.raises(DataError, match=r"measured tiny@1\.2\.3 at balanced"):
            rates_of_evaluation(path, bundle, point)


def test_what_is_no_evaluation_is_refused(tmp_path: Path) -> None:
    path = report(tmp_path / "e.json", a={"rows": 1, "harmful": 1, "recall": 1.0, "fpr": None})
    with pytest.raises(DataError, match="lacks harmful or harmless rows"):
        rates_of_evaluation(path, "tiny@1.2.3", "balanced")
    for content in (b"", b"[]", b'{"bundle": 1}', b"\xff"):
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot read"):
            rates_of_evaluation(path, "tiny@1.2.3", "balanced")
    with pytest.raises(DataError, match="cannot read"):
        rates_of_evaluation(tmp_path / "gone.json", "tiny@1.2.3", "balanced")
