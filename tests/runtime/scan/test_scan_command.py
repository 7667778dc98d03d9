"""`guardlet scan`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_helpers import error_of, invoke, run
from folders import contents
from scan_helpers import mixed_rows, save

SECRET = "zyxwvut"


def test_it_prints_what_it_found(bundle_folder: Path, tmp_path: Path) -> None:
    rows = [{"prompt": f"kill {SECRET}", "response": "you"}, *mixed_rows(99), {"odd": SECRET}]
    data = save(tmp_path / "a.jsonl", rows)
    out = tmp_path / "new" / "out"
    options = ("--bundle", bundle_folder, "--workers", "1", "-p", "strict")
    result = invoke("scan", data, "-o", out, *options)
    assert result.exit_code == 0, result.output
    assert "a.jsonl" in result.stdout and "prompt, response" in result.stdout
    assert "unrecognised, so not judged: a.jsonl:101\n" in result.stdout
    assert "flagged: 21.00% (95 % interval 14.17% to 29.98%) of 100 judged rows" in result.stdout
    assert "no alarm was asked for" in result.stdout and str(out) in result.stdout
    assert SECRET not in result.output
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert (summary["bundle"], summary["operating_point"]) == ("tiny@1.2.3", "strict")


def test_the_alarm_sets_the_exit_code_when_asked(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", mixed_rows(100))
    words = ["scan", data, "-o", tmp_path / "out", "--bundle", bundle_folder, "--workers", "1"]
    alarming = [*words, "--rates", "recall=.9,fpr=.01"]
    result = invoke(*alarming)
    assert result.exit_code == 0 and "ALARM: more than 0.00% of the rows" in result.stdout
    assert "harmful, as the guard errs: 21.35%" in result.stdout
    assert invoke(*alarming, "--fail-on-alarm").exit_code == 1
    calm = invoke(*words, "--alarm-share", "0.5", "--fail-on-alarm")
    assert calm.exit_code == 0 and "no alarm: it is not shown that more than 50.00%" in calm.stdout


def test_rates_come_from_an_evaluation(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", mixed_rows(100))
    sets = {"dev": {"rows": 400, "harmful": 200, "recall": 0.9, "fpr": 0.3}}
    report = {"bundle": "tiny@1.2.3", "operating_point": "balanced", "datasets": sets}
    (tmp_path / "e.json").write_text(json.dumps(report), encoding="utf-8")
    words = ["scan", data, "-o", tmp_path / "out", "--bundle", bundle_folder, "--workers", "1"]
    result = invoke(*words, "--evaluation", tmp_path / "e.json", "--fail-on-alarm")
    assert result.exit_code == 0 and "no alarm: it is not shown" in result.stdout
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert summary["rates"]["benign_rows"] == 200 and summary["alarm"] is False


@pytest.mark.parametrize(
    "options",
    [
        ("--text-fields", "a,b,c"),
        ("--text-fields", ","),
        ("--workers", "0"),
        ("--engine", "odd"),
        ("--alarm-share", "2"),
        ("--rates", "recall=.9,fpr=.1", "--evaluation", "e.json"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    bundle_folder: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    data = save(tmp_path / "a.jsonl", mixed_rows(5))
    result = invoke("scan", data, "-o", tmp_path / "out", "--bundle", bundle_folder, *options)
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_errors_are_one_line(
    bundle_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = save(tmp_path / "a.jsonl", [{"odd": SECRET}])
    words = ("scan", data, "-o", tmp_path / "out", "--bundle", bundle_folder)
    error = error_of(monkeypatch, capsys, *words)
    assert "--text-fields" in error and SECRET not in error
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("")
    words = (*words, "--text-fields", "odd")
    assert "holds other files" in error_of(monkeypatch, capsys, *words)


def test_help_says_which_file_holds_text() -> None:
    text = " ".join(invoke("scan", "--help").stdout.replace("│", " ").split())
    assert "flagged.jsonl in it repeats the rows that were flagged, text and all" in text


@pytest.mark.slow
def test_the_script_scans_with_processes_of_its_own(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", mixed_rows(100))
    words = ("scan", data, "--bundle", bundle_folder, "--workers")
    for workers in ("1", "2"):
        done = run(*words, workers, "-o", tmp_path / workers)
        assert (done.returncode, done.stderr) == (0, "")
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
