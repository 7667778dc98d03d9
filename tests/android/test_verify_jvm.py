"""`guardlet verify --runtime jvm` and the harness behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from android_helpers import needs_jvm
from typer.testing import CliRunner

from guardlet import Bundle
from guardlet.cli.main import app
from guardlet.errors import EngineError
from guardlet.jvm import HARNESS_VARIABLE, run_harness, verify_on_jvm


@pytest.fixture
def built(harness: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HARNESS_VARIABLE, str(harness))
    return harness


@pytest.mark.slow
@needs_jvm
@pytest.mark.parametrize("name", ["wordpiece", "unigram"])
def test_golden_vectors_hold_with_the_librarys_own_onnx_runtime(
    fixtures: Path, built: Path, name: str
) -> None:
    reports = verify_on_jvm(Bundle.open(fixtures / name))
    assert [report.artifact for report in reports] == ["onnx-int8 (jvm)", "onnx-fp32 (jvm)"]
    assert all(report.passed and not report.token_mismatches for report in reports)
    assert reports[1].max_score_delta <= 1e-4


@pytest.mark.slow
@needs_jvm
def test_the_command_shows_both_runtimes_in_one_table(fixtures: Path, built: Path) -> None:
    result = CliRunner(env={"COLUMNS": "160"}).invoke(
        app, ["verify", str(fixtures / "unigram"), "--runtime", "jvm"]
    )
    assert result.exit_code == 0, result.output
    assert "onnx-int8 (jvm)" in result.output
    assert result.output.count("identical") == 4


@pytest.mark.slow
@needs_jvm
@pytest.mark.parametrize(
    "arguments", [["verify", "/no/such/bundle"], ["benchmark"], ["verify", "x", "--what", "y"]]
)
def test_bad_calls_end_in_an_engine_error(built: Path, arguments: list[str]) -> None:
    with pytest.raises(EngineError, match="harness failed"):
        run_harness(*arguments)


def test_without_the_harness_the_error_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HARNESS_VARIABLE, str(tmp_path / "none.jar"))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(EngineError, match="mvn -f android-demo package"):
        run_harness("verify", "x")


def test_without_java_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="Java"):
        run_harness("verify", "x")


@pytest.mark.parametrize("printed", ["", "[]", "{}", '{"format": 2}'])
def test_another_harness_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str
) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\nprintf '%s' '{printed}'\n")
    java.chmod(0o755)
    jar = tmp_path / "harness.jar"
    jar.touch()
    monkeypatch.setenv(HARNESS_VARIABLE, str(jar))
    monkeypatch.setattr("shutil.which", lambda name: str(java))
    with pytest.raises(EngineError, match="another version"):
        run_harness("verify", "x")
