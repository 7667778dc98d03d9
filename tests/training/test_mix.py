"""The training mix: caps, forms, cuts, determinism and decontamination."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import made_up_rows, recipe_tree, source_line, write_recipe, write_source

from guardlet.errors import DataError, RecipeError
from guardlet_training.mix import build_mix, cut_response, resolve
from guardlet_training.overlap import overlapping
from guardlet_training.recipe import load_recipe
from guardlet_training.rows import Row

LONG = "an answer of many words that goes on and on " * 6


def mix(
    folder: Path, rows: list[Row], *lines: dict[str, Any], **settings: Any
) -> tuple[list[Row], dict[str, Any]]:
    """The mix of `rows`, through one source line for each of `lines`."""
    write_source(folder, rows)
    data = [source_line("rows.jsonl", **line) for line in lines or ({},)]
    tree = recipe_tree(data=data, data_root=str(folder), **settings)
    return build_mix(load_recipe(write_recipe(folder, tree)), folder)


def targets(rows: list[Row]) -> Counter[int]:
    return Counter(row.target for row in rows)


def test_every_row_is_kept_and_counted(tmp_path: Path) -> None:
    rows = made_up_rows(30)
    mixed, report = mix(tmp_path, rows)
    assert sorted(row.id for row in mixed) == sorted(row.id for row in rows)
    assert [row.id for row in mixed] != [row.id for row in rows]
    assert report["rows"] == sum(report["counts"].values()) == 30
    assert report["counts"]["prompt harmful"] == 5
    assert report["licenses"] == {"CC0-1.0": 30}
    assert report["overlapping_evaluation"] == 0


@pytest.mark.parametrize(("harmful", "benign"), [(4, 7), (0, 3), (99, 99), (None, 2)])
def test_caps(tmp_path: Path, harmful: int | None, benign: int | None) -> None:
    mixed, _ = mix(tmp_path, made_up_rows(30), {"harmful": harmful, "benign": benign})
    expected = [n if cap is None else min(n, cap) for n, cap in ((10, harmful), (20, benign))]
    assert [targets(mixed)[label] for label in (1, 0)] == expected


def test_repeat(tmp_path: Path) -> None:
    mixed, _ = mix(tmp_path, made_up_rows(8), {"repeat": 3})
    assert set(Counter(row.id for row in mixed).values()) == {3} and len(mixed) == 24


def test_prompt_only_forgets_responses_and_repeated_prompts(tmp_path: Path) -> None:
    rows = made_up_rows(8)
    twin = replace(rows[1], id="twin", response="another answer")
    mixed, report = mix(tmp_path, [*rows, twin], {"form": "prompt_only"})
    assert len(mixed) == 8 and all(row.response is None for row in mixed)
    assert all(name.startswith("prompt ") for name in report["counts"])


def test_refused_rows_are_safe(tmp_path: Path) -> None:
    replies = [Row(f"r{i}", "", response=f"No, number {i}.", label=0) for i in range(3)]
    write_source(tmp_path, [*replies, Row("r", "", label=0)], "replies.jsonl")
    for path in ("replies.jsonl", "recipe:replies.jsonl"):
        mixed, _ = mix(tmp_path, made_up_rows(40), {"form": "refused", "partner": path})
        assert {row.response for row in mixed} == {reply.response for reply in replies}
        assert {(row.label, row.soft_label) for row in mixed} == {(0, None)}


def test_as_response_answers_partners_prompts_and_keeps_labels(tmp_path: Path) -> None:
    prompts = [Row(f"p{i}", f"Question {i}?", label=0) for i in range(3)]
    write_source(tmp_path, prompts, "prompts.jsonl")
    rows = [replace(row, response=None) for row in made_up_rows(40)]
    mixed, _ = mix(tmp_path, rows, {"form": "as_response", "partner": "prompts.jsonl"})
    assert {row.prompt for row in mixed} == {row.prompt for row in prompts}
    assert {(row.response, row.label) for row in mixed} == {(row.prompt, row.label) for row in rows}


@pytest.mark.parametrize("form", ["refused", "as_response"])
def test_a_form_that_needs_a_partner(tmp_path: Path, form: str) -> None:
    with pytest.raises(RecipeError, match="partner"):
        mix(tmp_path, made_up_rows(3), {"form": form})


def test_a_partner_without_texts(tmp_path: Path) -> None:
    write_source(tmp_path, [Row("r", "", response="", label=0)], "empty.jsonl")
    with pytest.raises(DataError, match=r"empty\.jsonl"):
        mix(tmp_path, made_up_rows(3), {"form": "refused", "partner": "empty.jsonl"})


def test_a_text_with_both_labels_is_left_out(tmp_path: Path) -> None:
    rows = made_up_rows(6)
    opposite = replace(rows[1], id="opposite", label=1 - rows[1].target)
    mixed, report = mix(tmp_path, [*rows, opposite])
    assert {row.id for row in mixed} == {row.id for row in rows} - {rows[1].id}
    assert report["duplicates"] == 2


def test_where_and_without(tmp_path: Path) -> None:
    rows = [
        replace(row, source=f"home-{i % 3}", extra={"grade": i % 2})
        for i, row in enumerate(made_up_rows(12))
    ]
    assert len(mix(tmp_path, rows, {"where": {"grade": 1}})[0]) == 6
    assert len(mix(tmp_path, rows, {"where": {"grade": [0, 1], "label": 1}})[0]) == 4
    assert len(mix(tmp_path, rows, {"without": ["e-1", "unknown"]})[0]) == 8
    with pytest.raises(DataError, match="no training rows"):
        mix(tmp_path, rows, {"where": {"absent": 1}})


def test_rows_without_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [replace(row, label=None, soft_label=None) for row in made_up_rows(4)]
    mixed, report = mix(tmp_path, [*rows, *made_up_rows(6, seed=1)])
    assert len(mixed) == 6 and report["unlabelled"] == 4
    with pytest.raises(DataError, match="4 had no label"):
        mix(tmp_path, rows)


@pytest.mark.parametrize("lines", [1, 2], ids=["one source", "two sources"])
def test_the_same_text_and_label_comes_once(tmp_path: Path, lines: int) -> None:
    rows = made_up_rows(6)
    copies = [replace(row, id=f"copy-{row.id}") for row in rows]
    assert len(mix(tmp_path, [*rows, *copies], *[{}] * lines)[0]) == 6


def test_cut_share(tmp_path: Path) -> None:
    rows = [Row(str(i), f"prompt {i}", LONG, label=0) for i in range(200)]
    for share, least, most in ((0.0, 0, 0), (1.0, 200, 200), (0.3, 35, 85)):
        mixed, _ = mix(tmp_path, rows, {"cut": share})
        assert least <= sum(row.response != LONG for row in mixed) <= most


@given(response=st.text(alphabet="ab \n", max_size=300), seed=st.integers(0, 50))
def test_cut_response(response: str, seed: int) -> None:
    cut = cut_response(response, random.Random(seed))
    assert cut == cut_response(response, random.Random(seed))
    assert response.startswith(cut)
    assert len(cut) >= min(len(response), max(40, len(response) // 3))
    if cut != response:
        assert response[len(cut)].isspace() and not cut[-1].isspace()


def test_mix_depends_on_the_seed_alone(tmp_path: Path) -> None:
    rows = [replace(row, response=LONG) for row in made_up_rows(60)]
    line = {"harmful": 9, "benign": 9, "cut": 0.5}
    first, second, other = (
        mix(tmp_path, rows, line, training={"seed": seed})[0] for seed in (1, 1, 2)
    )
    assert first == second
    assert {row.id for row in first} != {row.id for row in other}


@pytest.mark.parametrize("key", ["decontaminate", "dev"])
def test_near_duplicates_of_evaluation_are_left_out(tmp_path: Path, key: str) -> None:
    rows = made_up_rows(40)
    near = replace(rows[8], id="e1", prompt=rows[8].prompt.upper() + "!", response=None)
    held = [near, replace(rows[5], id="e2"), Row("e3", "something else entirely", label=0)]
    path = str(write_source(tmp_path, held, "held.jsonl"))
    mixed, report = mix(tmp_path, rows, **{key: [path] if key == "decontaminate" else path})
    left_out = {row.id for row in rows} - {row.id for row in mixed}
    assert left_out == {"row-8", "row-5"}
    assert report["overlapping_evaluation"] == 2


def test_overlap_of_nothing_and_of_texts_without_words() -> None:
    assert overlapping([], ["a"]) == overlapping(["a"], []) == set()
    assert overlapping(["one two three", "four five"], ["four five"]) == {1}
    assert overlapping(["!!!", "???"], ["..."]) == set()


def test_resolve(tmp_path: Path) -> None:
    recipe = load_recipe(write_recipe(tmp_path, recipe_tree(data_root="/data")))
    paths = ("a.jsonl", "/b.jsonl", "recipe:c.jsonl", "hf://o/n")
    resolved = [resolve(path, recipe, Path("/recipes")) for path in paths]
    assert resolved == ["/data/a.jsonl", "/b.jsonl", "/recipes/c.jsonl", "hf://o/n"]
