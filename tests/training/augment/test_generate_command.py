"""`guardlet augment generate` with a tiny model of its own, killed and taken up again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from folders import contents
from tiny_chat import TEXTS, save_tiny_chat
from typer.testing import CliRunner

from guardlet.errors import BackendError
from guardlet_training.commands.augment import app
from guardlet_training.rows import Row, write_rows

RUN = "from guardlet_training.commands.augment import app; app()"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model and exemplars."""
    place = tmp_path_factory.mktemp("generate")
    save_tiny_chat(place / "model")
    rows = [Row(str(n), text, label=1) for n, text in enumerate(TEXTS)]
    write_rows(place / "exemplars.jsonl", rows)
    return place


def arguments(place: Path, out: Path) -> list[str]:
    return [
        *("generate", str(place / "exemplars.jsonl"), "--out", str(out)),
        *("--model", str(place / "model"), "--set", "device=cpu", "--set", "batch_size=32"),
        *("--count", "160", "--k", "2", "--max-new-tokens", "12", "--benign-twins"),
    ]


def invoke(place: Path, out: Path, *more: str) -> str:
    result = CliRunner().invoke(app, [*arguments(place, out), *more], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def whole(place: Path) -> dict[str, bytes]:
    output = invoke(place, place / "whole")
    assert "of 160 attempts" in output and "twins" in output
    return contents(place / "whole")


def test_it_writes_what_a_run_is_to_leave(whole: dict[str, bytes]) -> None:
    assert sorted(whole) == [
        "instructions.jsonl",
        "report.json",
        "rows.jsonl",
        "run.json",
        "twins/report.json",
        "twins/rows.jsonl",
        "twins/run.json",
        "twins/twins.jsonl",
    ]
    assert whole["rows.jsonl"].count(b"\n") == 160
    kept = whole["instructions.jsonl"].count(b"\n")
    assert 64 < kept <= 160 and whole["twins/rows.jsonl"].count(b"\n") == kept


def test_the_same_command_gives_the_same_bytes(place: Path, whole: dict[str, bytes]) -> None:
    invoke(place, place / "again")
    assert contents(place / "again") == whole


@pytest.mark.slow
def test_a_killed_run_is_taken_up_to_the_same_bytes(place: Path, whole: dict[str, bytes]) -> None:
    """Killed twice: in the first stage, and in the second."""
    out = place / "killed"
    for growing in (out / "rows.jsonl.partial", out / "twins" / "rows.jsonl.partial"):
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, *arguments(place, out)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if growing.is_file() and growing.stat().st_size:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        assert process.wait() == -signal.SIGKILL
        assert growing.is_file()
    invoke(place, out)
    assert contents(out) == whole


def test_a_wrong_setting_is_an_error(place: Path) -> None:
    with pytest.raises(BackendError, match="has no option depth"):
        invoke(place, place / "never", "--set", "depth=3")
    assert not (place / "never").exists()
