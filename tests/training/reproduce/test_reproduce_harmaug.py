"""The whole, from the command to the table, on the tiny models it makes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_runner import guardlet, invoke

from guardlet.errors import DataError, OutputError
from guardlet_training.reproduce.paper import PAPER
from guardlet_training.reproduce.sets import SETS

ARMS = ("teacher", "kd", "eda", "no_prefix", "harmaug")


def figures(out: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((out / "table.json").read_text(encoding="utf-8"))
    return tree


def reproduce(out: Path, *words: object) -> str:
    return guardlet("reproduce", "harmaug", "--out", out, *words)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run."""
    out = tmp_path_factory.mktemp("whole") / "run"
    text = reproduce(out)
    assert text.count("These figures mean nothing") == 1
    assert text.count("| here |") == len(ARMS) and text.count("| paper |") == len(PAPER)
    return out


@pytest.mark.slow
def test_the_table_has_every_arm_and_set(whole: Path) -> None:
    tree = figures(whole)
    assert tuple(tree["arms"]) == ARMS
    for arm in tree["arms"].values():
        assert set(arm["measured"]["sets"]) == set(SETS)
        assert all(run[name]["rows"] == 40 for run in arm["runs"] for name in SETS)
    assert set(tree["answered"]) == {"harmaug", "no_prefix"}
    assert "mean nothing" in tree["warning"]


@pytest.mark.slow
def test_generated_rows_come_refused_answered_and_alone(whole: Path) -> None:
    for arm in ("harmaug", "no_prefix"):
        counts = [
            len((whole / arm / name).read_text(encoding="utf-8").splitlines())
            for name in (
                "generated/instructions.jsonl",
                "labelled-refused/rows.jsonl",
                "labelled-answered/rows.jsonl",
            )
        ]
        assert counts[0] > 5
        assert counts[1:] == [2 * counts[0], counts[0]]
    prefixes = [
        json.loads((whole / arm / "generated/run.json").read_text(encoding="utf-8"))["prefix"]
        for arm in ("harmaug", "no_prefix")
    ]
    assert prefixes[0] and prefixes[1] is None


@pytest.mark.slow
def test_a_finished_run_does_nothing_again(whole: Path) -> None:
    made = {path: path.stat().st_mtime_ns for path in whole.rglob("*.safetensors")}
    before = figures(whole)
    reproduce(whole)
    assert figures(whole) == before
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*.safetensors")} == made


@pytest.mark.slow
def test_killed_and_resumed_equals_uninterrupted(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = [sys.executable, "-m", "guardlet", "reproduce", "harmaug", "--out", str(out)]
    for reached in ("no_prefix/generated/rows.jsonl.partial", "arms/kd/42/run/run.json"):
        child = subprocess.Popen(
            words,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while child.poll() is None and not (out / reached).exists():
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert not (out / "table.json").exists()
    reproduce(out)
    assert figures(out) == figures(whole)


@pytest.mark.slow
def test_another_recipe_is_refused(whole: Path) -> None:
    with pytest.raises(OutputError, match="another reproduction"):
        reproduce(whole, "generate.count=3")


def test_wrong_sets_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "oai.json"
    file.write_text(json.dumps([{"prompt": "apple", "toxicity": 1}]), encoding="utf-8")
    paper = ("--scale", "paper", "--sets", f"oai={file}")
    with pytest.raises(DataError, match="give --sets harmbench=FILE"):
        reproduce(tmp_path / "run", *paper)
    paper = (*paper, "--sets", f"harmbench={file}")
    with pytest.raises(DataError, match="1680 rows in the paper, this has 1"):
        reproduce(tmp_path / "run", *paper)
    with pytest.raises(DataError, match="no set is called toxic"):
        reproduce(tmp_path / "run", "--sets", "toxic=file.json")
    assert invoke("reproduce", "harmaug", "-o", tmp_path / "x", "--sets", "oai").exit_code == 2


def test_the_plan_runs_nothing(tmp_path: Path) -> None:
    text = reproduce(tmp_path / "run", "--scale", "paper", "--dry-run")
    assert "GPU hours" in text and "A100" in text and "386,759" in text
    assert not (tmp_path / "run").exists()
