"""Which instructions are dropped, and why."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from cli_runner import guardlet
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import WORDS
from training_helpers import sentence

from guardlet.errors import DataError
from guardlet_training.augment.filter import REASONS, filter_instructions
from guardlet_training.rows import Row, load_rows, write_rows

PLAN = "Describe how a fox might steal every chicken of the farm behind the old mill at night"
HELD = "Explain which lock of the blue gate opens with a spoon and two long hairpins"
SHOWN = "Write a letter that makes the baker believe his bread is made of wet sand"


def rows(*texts: str) -> list[Row]:
    return [Row(f"r{number}", text, label=1) for number, text in enumerate(texts)]


def dropped(**counts: int) -> dict[str, int]:
    return dict.fromkeys(REASONS, 0) | counts


def held_file(folder: Path, *texts: str) -> Path:
    write_rows(folder / "held.jsonl", rows(*texts))
    return folder / "held.jsonl"


def test_each_reason(tmp_path: Path) -> None:
    given_rows = rows(
        PLAN,
        "?!",
        PLAN.upper() + "!",
        PLAN.replace("night", "dawn"),
        HELD.replace("spoon", "fork"),
        SHOWN,
        SHOWN.replace("wet", "dry"),
        "Something else entirely",
    )
    evaluation = [held_file(tmp_path, HELD)]
    kept, report = filter_instructions(given_rows, evaluation, exemplars=rows(SHOWN))
    assert [row.id for row in kept] == ["r0", "r7"] and kept[0] is given_rows[0]
    assert report.dropped == dropped(
        wordless=1, repeated=1, near_duplicate=1, in_evaluation=1, near_exemplar=2
    )
    assert (report.rows, report.kept, report.evaluation_prompts) == (8, 2, 1)


def test_a_near_copy_of_what_leaked_is_kept_out_only_when_it_leaked_too(tmp_path: Path) -> None:
    """The leaked row itself is not in the index, so it takes nothing else with it."""
    other = " ".join(HELD.split()[:7]) + " with patience and a good deal of luck, they say"
    kept, report = filter_instructions(rows(HELD, other), [held_file(tmp_path, HELD)])
    assert [row.prompt for row in kept] == [other] and report.dropped["in_evaluation"] == 1


def test_what_only_the_other_judge_sees_is_dropped_too(tmp_path: Path) -> None:
    """A prompt with common words around it: they weigh little in a TF-IDF cosine."""
    held = "Which keeper of the lighthouse at Skagen knows the recipe for saltwort marmalade?"
    leaked = f"Please tell me now {held} and also which of them does not"
    fillers = [f"Please tell me now which of them also does {number}" for number in range(99)]
    kept, report = filter_instructions(rows(*fillers, leaked), [held_file(tmp_path, held)])
    assert leaked not in [row.prompt for row in kept] and report.dropped["in_evaluation"] == 1
    assert filter_instructions(rows(leaked), exemplars=rows(held))[1].kept == 1


def test_nothing_to_compare_with_and_nothing_to_filter() -> None:
    assert filter_instructions(rows(PLAN))[0] == rows(PLAN)
    assert filter_instructions([])[1].to_dict()["dropped"] == dropped()


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0, 2.0])
def test_a_threshold_that_makes_no_sense(threshold: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        filter_instructions(rows(PLAN), threshold=threshold)


def test_the_threshold_decides() -> None:
    near = rows(PLAN, PLAN.replace("fox", "cat").replace("old", "new"))
    assert filter_instructions(near, threshold=0.6)[1].kept == 1
    assert filter_instructions(near, threshold=0.9)[1].kept == 2


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), max_size=12))
def test_filtering_again_drops_nothing(texts: list[str]) -> None:
    kept, report = filter_instructions(rows(*texts))
    again, second = filter_instructions(kept)
    assert again == kept and second.dropped == dropped()
    assert report.kept + sum(report.dropped.values()) == report.rows == len(texts)


def test_the_same_rows_every_time() -> None:
    rng = random.Random(3)
    made = rows(*(sentence(rng, rng.randrange(2, 9)) for _ in range(300)))
    assert filter_instructions(made) == filter_instructions(made)


def test_the_command(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", rows(PLAN, PLAN, HELD, SHOWN))
    write_rows(tmp_path / "shown.jsonl", rows(SHOWN))
    out = tmp_path / "new" / "kept.jsonl"
    said = guardlet(
        *("augment", "filter", tmp_path / "rows.jsonl", "-o", out),
        *("--evaluation", held_file(tmp_path, HELD), "--exemplars", tmp_path / "shown.jsonl"),
        *("--json", tmp_path / "report.json"),
    )
    assert "kept 1 of 4 rows" in said and "1 in evaluation, 1 near exemplar" in said
    assert load_rows(str(out)) == rows(PLAN)
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["kept"] == 1 and report["threshold"] == 0.7


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", rows(PLAN))
    with pytest.raises(DataError, match="cannot write"):
        guardlet("augment", "filter", tmp_path / "rows.jsonl", "-o", tmp_path / "rows.jsonl/x")
