"""`guardlet check --stream`: a line a check, while the response arrives."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import SCRIPT, WIDE, error_of, invoke
from runtime_helpers import sentence

from guardlet import Guard

SECRET = "zyxwvut"
OPTIONS = ("--stream", "--first", "3", "--every", "4", "--context", "5", "--hits", "2")
HARMFUL = "how are you " + "bomb kill " * 10


def stream(bundle: Path, *options: str, stdin: str | bytes) -> Any:
    return invoke("check", "hello", "--bundle", bundle, *OPTIONS, *options, stdin=stdin)


def test_a_line_a_check_and_one_for_the_whole(bundle_folder: Path) -> None:
    result = stream(bundle_folder, stdin=sentence(9) + f" {SECRET}")
    assert result.exit_code == 0
    assert result.stdout.count("score") == result.stdout.count("\n")
    assert "4 tokens" in result.stdout.splitlines()[0]
    assert SECRET not in result.output and "world" not in result.output


def test_json_lines_are_the_verdicts(bundle_folder: Path, guard: Guard) -> None:
    text = "how are é" + sentence(40)
    printed = [
        json.loads(s) for s in stream(bundle_folder, "--json", stdin=text).stdout.split("\n") if s
    ]
    expected = guard.stream("hello", 3, 4, 5, 2)
    verdicts = [verdict.to_dict() for verdict in (*expected.feed_all(text), expected.close())]
    assert [item | {"latency_ms": 0} for item in printed] == [
        item | {"latency_ms": 0} for item in verdicts
    ]


def test_bytes_that_are_no_utf8_are_read_on(bundle_folder: Path) -> None:
    result = stream(bundle_folder, "--exit-code", stdin=b"\xff\xfe bomb kill bomb \xe2\x82")
    assert result.exit_code == 1 and "harmful" in result.stdout


@pytest.mark.parametrize(("text", "code"), [(HARMFUL, 1), (sentence(3), 0), ("bomb", 1)])
def test_the_exit_code_tells_harmful_when_asked(bundle_folder: Path, text: str, code: int) -> None:
    assert stream(bundle_folder, "--exit-code", stdin=text).exit_code == code
    assert stream(bundle_folder, stdin=text).exit_code == 0


def test_more_hits_take_longer_to_stop(bundle_folder: Path) -> None:
    text = "bomb kill " * 2000
    lines = [
        stream(bundle_folder, "--exit-code", "--hits", hits, stdin=text).stdout.count("\n")
        for hits in ("1", "50", "5000")
    ]
    assert lines[0] < 20 < 50 <= lines[1] < lines[2]


@pytest.mark.parametrize(
    "arguments",
    [("-", "--stream"), (SECRET, "--stream", "-r", SECRET), (SECRET, "--stream", "-r", "-")],
)
def test_the_response_comes_from_stdin_alone(arguments: tuple[str, ...]) -> None:
    result = invoke("check", *arguments, stdin=SECRET)
    assert result.exit_code == 2
    assert "--stream reads the response from stdin" in result.stderr
    assert SECRET not in result.output


def test_a_schedule_that_does_not_fit_is_one_line(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("check", SECRET, "--stream", "--bundle", bundle_folder, "--every", "10")
    line = error_of(monkeypatch, capsys, *arguments)
    assert "room for 9 tokens" in line and SECRET not in line


def test_the_script_answers_before_the_input_ends_and_stops_by_itself(bundle_folder: Path) -> None:
    command = [
        str(SCRIPT),
        "check",
        "hello",
        "--bundle",
        str(bundle_folder),
        *OPTIONS,
        "--exit-code",
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=os.environ | WIDE) as process:
        assert process.stdin and process.stdout
        process.stdin.write(b"how are you ")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"safe")
        process.stdin.write(b"bomb kill bomb kill " * 4)
        process.stdin.flush()
        assert process.wait(timeout=120) == 1
