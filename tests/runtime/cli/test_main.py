"""`guardlet check`, `info` and `verify`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import error_of, invoke, run
from runtime_helpers import edit_manifest, onnx_model, tiny_vectors, write_tiny

from guardlet import Guard, Verdict
from guardlet.errors import EmptyInputError, EngineError

SECRET = "zyxwvut"


def check(bundle: Path, *arguments: str, stdin: str | bytes | None = None) -> Any:
    return invoke("check", *arguments, "--bundle", bundle, stdin=stdin)


def verdict_of(bundle: Path, *arguments: str, stdin: str | bytes | None = None) -> dict[str, Any]:
    result = check(bundle, *arguments, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    decoded: dict[str, Any] = json.loads(result.stdout)
    return decoded


def test_check_prints_a_line(bundle_folder: Path) -> None:
    result = check(bundle_folder, "make bomb")
    assert result.exit_code == 0
    assert result.stdout.startswith("harmful  prompt score ")
    assert "2 tokens" in result.stdout and "onnx-fp32" in result.stdout
    assert result.stdout.count("\n") == 1
    assert "safe" in check(bundle_folder, "hello").stdout
    assert "truncated" in check(bundle_folder, "hello " * 300).stdout
    assert "bomb" not in result.stdout


def test_check_says_when_it_cannot_read_the_language(bundle_folder: Path) -> None:
    result = check(bundle_folder, "\u2603 \u2603 \u2603")
    assert result.stdout.endswith("language: not one this guard reads; do not rely on the score\n")
    assert not verdict_of(bundle_folder, "\u2603 \u2603 \u2603")["language_supported"]
    assert verdict_of(bundle_folder, "hello")["language_supported"]


def test_check_prints_json(bundle_folder: Path, guard: Guard) -> None:
    printed = verdict_of(bundle_folder, "how are you", "--response", "kill you")
    expected = guard.check("how are you", "kill you").to_dict()
    assert list(printed) == list(Verdict.__dataclass_fields__)
    assert printed | {"latency_ms": 0} == expected | {"latency_ms": 0}


def test_an_empty_response_is_no_response(bundle_folder: Path) -> None:
    assert verdict_of(bundle_folder, "hello", "-r", "")["judged"] == "prompt"
    assert verdict_of(bundle_folder, "hello", "-r", "world")["judged"] == "response"


def test_prompt_or_response_come_from_stdin(bundle_folder: Path) -> None:
    prompt = verdict_of(bundle_folder, "-", stdin="how are\nyou\n")
    assert (prompt["judged"], prompt["tokens"]) == ("prompt", 3)
    response = verdict_of(bundle_folder, "hello", "-r", "-", stdin="kill you")
    assert (response["judged"], response["tokens"]) == ("response", 3)


def test_stdin_that_is_no_utf8_is_still_judged(bundle_folder: Path) -> None:
    assert verdict_of(bundle_folder, "-", stdin=b"\xff\xfe make bomb \x80")["harmful"]


def test_stdin_may_be_large(bundle_folder: Path) -> None:
    verdict = verdict_of(bundle_folder, "-", stdin="hello " * 500_000)
    assert verdict["truncated"] and verdict["windows"] == 4


def test_stdin_cannot_be_both(bundle_folder: Path) -> None:
    result = check(bundle_folder, "-", "--response", "-", stdin=SECRET)
    assert result.exit_code == 2
    assert "only one of prompt and response" in result.stderr
    assert SECRET not in result.output


@pytest.mark.parametrize(("text", "code"), [("make bomb", 1), ("hello", 0)])
def test_the_exit_code_tells_harmful_when_asked(bundle_folder: Path, text: str, code: int) -> None:
    assert check(bundle_folder, text, "--exit-code").exit_code == code
    assert check(bundle_folder, text, "--exit-code", "--json").exit_code == code
    assert check(bundle_folder, text).exit_code == 0


def test_operating_point_and_engine_are_chosen(bundle_folder: Path) -> None:
    chosen = verdict_of(bundle_folder, "hello", "-p", "strict", "--engine", "onnx-fp32")
    assert (chosen["operating_point"], chosen["engine"]) == ("strict", "onnx-fp32")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-p", "brave"), "no operating point 'brave'; there are strict, balanced, lenient"),
        (("--engine", "torch"), "no artifact for 'torch'; it has onnx-fp32 (onnx)"),
        (("--bundle", "absent"), "absent holds no guardlet.json; give the folder"),
        (("--bundle", "x" * 5000), "holds no guardlet.json"),
        (("-r", "\n"), "check a non-empty string"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(
    bundle_folder: Path,
    arguments: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prompt = SECRET if message != "check a non-empty string" else " "
    line = error_of(monkeypatch, capsys, "check", prompt, "--bundle", bundle_folder, *arguments)
    assert message in line
    assert SECRET not in line


@pytest.mark.parametrize(
    "arguments",
    [
        (SECRET,),
        (f"-{SECRET}",),
        (f"--{SECRET}",),
        ("check", "hello", SECRET),
        ("check", "hello", f"--{SECRET}"),
        ("check", f"--{SECRET}", "hello", "world"),
        ("check", "-r", SECRET),
        ("check", "hello", "-r", SECRET, SECRET),
        ("check", "hello", "-r", SECRET, "--bundle"),
    ],
)
def test_a_command_typed_wrongly_does_not_repeat_the_text(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert result.stderr
    assert SECRET not in result.output


def test_a_prompt_may_begin_with_a_dash(bundle_folder: Path) -> None:
    for text in ("--make bomb", "-5 bomb"):
        assert verdict_of(bundle_folder, text)["harmful"]


def test_an_unknown_command_lists_the_known_ones() -> None:
    assert "there are check, info, verify" in " ".join(invoke("chekc").stderr.split())


def test_empty_input_is_an_error_not_a_verdict(bundle_folder: Path) -> None:
    assert isinstance(check(bundle_folder, "-", stdin="").exception, EmptyInputError)


def test_info_shows_what_a_bundle_holds(bundle_folder: Path) -> None:
    result = invoke("info", bundle_folder)
    assert result.exit_code == 0
    for shown in (
        "tiny@1.2.3",
        "Apache-2.0",
        "A tiny guard für tests.",
        "windows of 16 tokens, 3 shared, at most 4",
        "onnx-fp32",
        "balanced",
        "best F1",
        "0.500",
    ):
        assert shown in result.stdout


def test_info_shows_text_from_a_bundle_as_text(broken: Path) -> None:
    hostile = "[/]\x1b[2J[bold red]\u202e\ud800[link=http://x]y"

    def change(tree: dict) -> None:
        tree |= {"description": hostile, "license": hostile, "languages": [hostile]}
        point = tree["score"]["operating_points"]["strict"]
        tree["score"]["operating_points"][hostile] = point | {"rule": hostile}
        tree["artifacts"][0] |= {"precision": hostile, "requires": {hostile: hostile}}

    edit_manifest(broken, change)
    result = invoke("info", broken)
    assert result.exit_code == 0, result.exception
    assert not {"\x1b", "\u202e", "\ud800"} & set(result.stdout)
    assert result.stdout.count("[bold red]") >= 7


def test_verify_passes_an_intact_bundle(proven_folder: Path) -> None:
    result = invoke("verify", proven_folder)
    assert result.exit_code == 0
    assert "tiny@1.2.3: 4 files intact" in result.stdout
    assert "identical" in result.stdout and "ok" in result.stdout
    assert result.stderr == ""


def test_verify_fails_a_bundle_that_answers_otherwise(tmp_path: Path) -> None:
    moved = [vector.__class__(**vars(vector) | {"score": 0.5}) for vector in tiny_vectors()]
    write_tiny(tmp_path / "b", vectors=moved)
    result = invoke("verify", tmp_path / "b")
    assert result.exit_code == 2
    assert "FAILED" in result.stdout


def test_verify_refuses_altered_files(
    broken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (broken / "README.md").write_text("# TINY\n")
    line = error_of(monkeypatch, capsys, "verify", broken)
    assert line == "error: README.md was altered (SHA-256 differs); get the bundle again\n"


def test_verify_of_nothing_that_runs_here_proves_nothing(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guardlet.verify.open_evaluator", lambda *_: None)  # guardlet alone
    edit_manifest(broken, lambda tree: tree["artifacts"][0].update({"engine": "coreml"}))
    result = invoke("verify", broken)
    assert isinstance(result.exception, EngineError)
    assert "nothing was proven" in str(result.exception)


@pytest.mark.parametrize("command", ["info", "verify"])
def test_a_broken_manifest_is_one_line(
    broken: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_manifest(broken, lambda tree: tree.update({"\x1b[31m\n[red]": {"a\nb": 1}}))
    assert "was unexpected" in error_of(monkeypatch, capsys, command, broken)


def test_the_script_checks_for_real(bundle_folder: Path) -> None:
    done = run("check", "-", "--bundle", bundle_folder, "--exit-code", stdin=b"make bomb \xff")
    assert done.returncode == 1
    assert done.stdout.startswith("harmful  prompt score ")
    assert done.stderr == ""


def test_the_script_reads_utf8_whatever_the_locale(bundle_folder: Path) -> None:
    texts = "how are you é \U0001f600".encode()
    outputs = [
        run("check", "-", "--json", "--bundle", bundle_folder, stdin=texts, **environment)
        for environment in ({"PYTHONIOENCODING": "utf-8:strict"}, {"PYTHONIOENCODING": "latin-1"})
    ]
    one, two = (json.loads(done.stdout)["score"] for done in outputs)
    assert one == two


def test_the_script_fails_in_one_line_without_a_traceback(broken: Path) -> None:
    model = broken / "onnx" / "model.onnx"
    model.write_bytes(onnx_model()[::-1])
    done = run("check", SECRET, "--bundle", broken)
    assert done.returncode == 2
    assert done.stdout == ""
    message = "onnx/model.onnx was altered (SHA-256 differs); get the bundle again"
    assert done.stderr == f"error: {message}\n"


def test_the_script_verifies_and_shows_no_bar_off_a_terminal(proven_folder: Path) -> None:
    done = run("verify", proven_folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout


def test_the_script_takes_arguments_that_are_no_text(bundle_folder: Path) -> None:
    broken_text = os.fsdecode(b"make bomb \xff")
    done = run("check", broken_text, "--bundle", bundle_folder, "--json")
    assert json.loads(done.stdout)["harmful"]
    assert "holds no guardlet.json" in run("info", os.fsdecode(b"absent\xff")).stderr
