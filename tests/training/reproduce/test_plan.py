"""The plan, and the page that shows it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from repository import ROOT
from training_helpers import TRAINING_FOLDER

from guardlet.errors import DataError, RecipeError
from guardlet_training.recipe import load_recipe
from guardlet_training.reproduce.plan import plan, total_hours
from guardlet_training.reproduce.run import load_reproduction
from guardlet_training.reproduce.settings import Load, Reproduction
from guardlet_training.reproduce.tiny import make_tiny

PAPER = TRAINING_FOLDER / "guardlet_training/reproduce/harmaug.yaml"


@pytest.fixture(scope="module")
def paper() -> Reproduction:
    return load_reproduction(PAPER, {}, [])


def test_the_page_shows_the_plan(paper: Reproduction) -> None:
    steps = plan(paper)
    lines = [f"| {s.title} | {s.rows:,} | {s.passes:g} | {s.gpu_hours:.1f} |" for s in steps]
    page = (ROOT / "docs/harmaug.md").read_text(encoding="utf-8")
    table = page.partition("<!-- cost -->\n")[2].partition("<!-- /cost -->")[0].splitlines()
    assert table[2:] == [*lines, f"| **all** | | | {total_hours(steps):.1f} |"]


def test_hours_are_work_over_speed(paper: Reproduction) -> None:
    loads = dataclasses.replace(paper.loads, label=Load(1e9, 100, 10))
    job = dataclasses.replace(paper, loads=loads, teachers=["one", "other"])
    (first, *_) = plan(job)
    # 86,759 rows of 100 tokens through two teachers of 1e9 parameters at 2 FLOP and 1e13 a second.
    assert first.gpu_hours == pytest.approx(86759 * 100 * 2 * 1e9 * 2 / 1e13 / 3600)


def test_only_what_the_arms_need_is_planned(paper: Reproduction) -> None:
    job = dataclasses.replace(paper, arms=["kd"], seeds=[1])
    assert [step.title for step in plan(job)] == ["label D", "train kd, 1 seeds of 3 epochs"]


def test_the_students_training_is_that_of_the_shipped_recipe(paper: Reproduction) -> None:
    shipped = load_recipe(TRAINING_FOLDER / "recipes/harmaug-large.yaml")
    assert paper.student.training == shipped.training
    assert paper.student.model == shipped.model


def test_paths_lie_beside_the_recipe_and_can_be_replaced() -> None:
    own = ["seeds=[7]", "sets.harmbench=harmbench_eval.json"]
    job = load_reproduction(PAPER, {"oai": "elsewhere.json"}, own)
    assert job.sets["oai"] == "elsewhere.json"
    assert job.sets["harmbench"] == str(PAPER.parent / "harmbench_eval.json")
    assert job.sets["toxicchat"] == "hf://lmsys/toxic-chat"
    assert job.seeds == [7]


def test_what_is_unknown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no set is called oia"):
        load_reproduction(PAPER, {"oia": "file.json"}, [])
    with pytest.raises(RecipeError, match="arms"):
        load_reproduction(PAPER, {}, ["arms=[gfn]"])


def test_the_tiny_recipe_is_one_too(tmp_path: Path) -> None:
    job = load_reproduction(make_tiny(tmp_path / "tiny"), {}, [])
    assert Path(job.data.source).is_file() and len(job.sets) == 4
    assert total_hours(plan(job)) < 1
