"""The table beside the paper's."""

from __future__ import annotations

import json

import pytest

from guardlet_training.metrics import Metrics
from guardlet_training.reproduce.paper import PAPER
from guardlet_training.reproduce.sets import SETS
from guardlet_training.reproduce.table import as_data, markdown, summarise


def metrics(f1: float | None, auprc: float | None) -> Metrics:
    return Metrics(rows=10, harmful=4, f1=f1, auprc=auprc)


def run(f1: float, auprc: float) -> dict[str, Metrics]:
    return {name: metrics(f1, auprc) for name in SETS}


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_means_are_those_of_its_rows(name: str) -> None:
    row = PAPER[name]
    for figure in ("f1", "auprc"):
        mean = sum(getattr(item, figure) for item in row.sets.values()) / 4
        if (name, figure) == ("teacher", "auprc"):  # the paper's own slip
            assert f"{mean:.4f}" in row.note
        else:
            assert mean == pytest.approx(getattr(row.mean, figure), abs=2e-4)


def test_means_and_deviations_over_seeds() -> None:
    arm = summarise("an arm", [run(0.5, 0.6), run(0.7, 0.6), run(0.6, 0.9)])
    assert arm.runs == 3
    assert arm.sets["oai"].f1 == pytest.approx(0.6)
    assert arm.deviations["oai"].f1 == pytest.approx(0.1)
    assert arm.mean.auprc == pytest.approx(0.7)
    assert summarise("an arm", [run(0.5, 0.6)]).deviations["oai"].f1 is None


def test_no_mean_without_all_four_sets_or_with_an_undefined_figure() -> None:
    part = summarise("part", [{"oai": metrics(0.5, 0.5)}])
    assert part.mean.f1 is None and part.sets["oai"].f1 == 0.5
    undefined = summarise("undefined", [run(0.5, 0.5) | {"oai": metrics(None, None)}])
    assert undefined.mean.f1 is None


def test_the_table_shows_both() -> None:
    arms = {
        "teacher": summarise("a teacher", [run(0.25, 0.75)]),
        "no_prefix": summarise("no prefix", [run(0.5, 0.5), run(0.5, 0.5)]),
    }
    text = markdown(arms, {"no_prefix": 0.25}, "these figures mean nothing")
    assert text.startswith("these figures mean nothing\n")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(lines) == 2 + 3
    assert lines[2].startswith("| a teacher | here | 0.2500 / 0.7500 |")
    assert "| paper | 0.8061 / 0.8869 |" in lines[3] and "0.7080 / 0.7720" in lines[3]
    assert "mean of 2 seeds" in lines[4]
    assert "Table 9" in text and "25.0% of the answers were no refusals; 13.0% in" in text
    assert {line.count("|") for line in lines} == {8}


def test_data_are_json() -> None:
    runs = {"kd": [run(0.5, 0.6)]}
    data = as_data({"kd": summarise("KD", runs["kd"])}, runs)
    tree = json.loads(json.dumps(data, allow_nan=False))
    assert tree["kd"]["paper"]["mean"]["auprc"] == 0.7962
    assert tree["kd"]["runs"][0]["oai"]["harmful"] == 4
