"""What an attack did to a guard, counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runner import guardlet
from training_helpers import write_source

from guardlet import Guard
from guardlet.cli.console import track
from guardlet.errors import AttackError, DataError, EmptyInputError
from guardlet_training.attacks import TRANSFORMS, choose
from guardlet_training.attacks.measure import attacked, flagger, measure, report, sample_rows
from guardlet_training.rows import Row

ROWS = [
    *(Row(f"h{i}", f"dragon forest number {i}", label=1) for i in range(6)),
    *(Row(f"b{i}", f"apple garden number {i}", label=0) for i in range(4)),
    *(Row(f"r{i}", "window", f"kettle ladder {i}", label=i % 2) for i in range(5)),
    Row("soft", "pencil", soft_label=0.9),
    Row("unlabelled", "velvet"),
]


@pytest.fixture(scope="session")
def guard(tiny_bundle: Path) -> Guard:
    return Guard.load(tiny_bundle, threads=1)


def test_every_class_is_drawn_up_to_a_limit(tmp_path: Path) -> None:
    file = write_source(tmp_path, ROWS)
    drawn = sample_rows([file], 2, seed=1)
    kinds = [(row.target, row.response is not None) for row in drawn]
    assert sorted(kinds) == sorted([(1, False), (0, False), (1, True), (0, True)] * 2)
    assert drawn == sample_rows([file], 2, seed=1)
    assert len(sample_rows([file], None, seed=1)) == len(ROWS) - 1
    assert {row.id for row in sample_rows([file], 2, 2)} != {row.id for row in drawn}


def test_data_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(AttackError, match="label"):
        sample_rows([write_source(tmp_path, ROWS[-1:])], None, 0)
    with pytest.raises(DataError):
        sample_rows([tmp_path / "nowhere.jsonl"], None, 0)


def test_shares_are_those_of_the_guards_flags(guard: Guard) -> None:
    rows = ROWS[:-1]
    outcomes = measure(guard, rows, choose("rot13,sandwich,response_prefix"), 7, track)
    assert [(o.transform, o.target) for o in outcomes] == [
        ("rot13", "prompt"),
        ("rot13", "response"),
        ("sandwich", "prompt"),
        ("response_prefix", "response"),
    ]
    prompts = [row for row in rows if not row.response and row.target]
    rot13 = TRANSFORMS["rot13"]
    after = sum(guard.check(rot13.apply(row.prompt, 7, row.id)).harmful for row in prompts)
    assert (outcomes[0].harmful_after.hits, outcomes[0].harmful_after.rows) == (after, 7)
    before = sum(guard.check(row.prompt).harmful for row in prompts)
    assert outcomes[0].harmful_before.hits == before
    assert outcomes[0].harmful_before == outcomes[2].harmful_before
    assert (outcomes[0].benign_after.rows, outcomes[1].benign_after.rows) == (4, 3)


def test_the_judged_text_alone_is_rewritten() -> None:
    pair = Row("p", "window", "kettle", label=0)
    assert attacked(pair, TRANSFORMS["rot13"], 0) == ("window", "xrggyr")
    assert attacked(Row("p", "window", "", label=0), TRANSFORMS["rot13"], 0) == ("jvaqbj", "")


def test_a_text_without_anything_to_read_is_not_flagged(guard: Guard) -> None:
    with pytest.raises(EmptyInputError):
        guard.check("\u200b")
    assert flagger(guard)("\u200b", None) is False


def test_the_command(guard: Guard, tiny_bundle: Path, tmp_path: Path) -> None:
    data, out = write_source(tmp_path, ROWS), tmp_path / "new" / "out.json"
    words = ("attack", data, "--bundle", tiny_bundle, "--transforms", "base64,role_play")
    printed = guardlet(*words, "--rows", 3, "--seed", 4, "--normalise", "--json", out)
    assert "role_play" in printed and "base64" in printed
    assert "dragon" not in printed and "dragon" not in out.read_text(encoding="utf-8")
    wary = Guard.load(tiny_bundle, threads=1, normalise=True)
    outcomes = measure(wary, sample_rows([data], 3, 4), choose("base64,role_play"), 4, track)
    expected = report(guard, outcomes, 4, True)
    assert json.loads(out.read_text(encoding="utf-8")) == json.loads(json.dumps(expected))


def test_a_page_of_both_modes(tiny_bundle: Path, tmp_path: Path) -> None:
    data, page, out = write_source(tmp_path, ROWS), tmp_path / "page.html", tmp_path / "out.json"
    words = ("attack", data, "--bundle", tiny_bundle, "--transforms", "base64,sandwich")
    guardlet(*words, "--rows", 3, "--html", page, "--json", out)
    shown = page.read_text(encoding="utf-8")
    assert "Harmful rows found, prompts" in shown and "Responses by attack" in shown
    assert "dragon" not in shown
    assert json.loads(out.read_text(encoding="utf-8"))["normalised"] is False
