"""`benchmark-device`, from its arguments to its files and exit codes."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import typer
from device_reports import MEASUREMENT, REPORT, with_measurement
from repository import ROOT
from typer.testing import CliRunner, Result

from guardlet.cli import plugins
from guardlet.cli.main import app as guardlet_app
from guardlet.errors import DataError, EngineError, GuardletError
from guardlet_benchmarks.device import command
from guardlet_benchmarks.device.report import DeviceReport, load_report
from guardlet_benchmarks.device.request import DeviceRequest, Progress

SMALL = ("--lengths", "8,24", "--rounds", "2", "--seconds", "0", "--threads", "1")


def invoke(*arguments: object) -> Result:
    words = [str(item) for item in arguments]
    return CliRunner(env={"COLUMNS": "200"}).invoke(command.app, words, catch_exceptions=False)


def save(path: Path, report: DeviceReport) -> Path:
    path.write_text(json.dumps(report.to_json()), encoding="utf-8")
    return path


def answering(
    monkeypatch: pytest.MonkeyPatch, report: DeviceReport, error: BaseException | None = None
) -> list[DeviceRequest]:
    """The target tells of `report`, then raises `error` or returns it. Returns its requests."""
    requests = []

    def measure(request: DeviceRequest, progress: Progress) -> DeviceReport:
        requests.append(request)
        progress(report)
        if error:
            raise error
        return report

    monkeypatch.setattr(command, "find_target", lambda name, file: measure)
    return requests


def test_a_real_run_writes_its_files_and_compares_with_itself(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    json_file, markdown = tmp_path / "new/report.json", tmp_path / "report.md"
    result = invoke(tiny_bundle, *SMALL, "--json", json_file, "--markdown", markdown)
    assert result.exit_code == 0
    report = load_report(json_file)
    assert {m.artifact for m in report.measurements} == {"onnx-int8", "onnx-fp32"}
    assert "## tiny@1.0.0 on " in markdown.read_text(encoding="utf-8")
    assert "p50 ms at 24" in result.stdout and "onnx-fp32" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "report.md"]
    again = invoke(tiny_bundle, *SMALL, "--compare", json_file, "--markdown", markdown)
    assert again.exit_code == 0
    assert "## Compared: " in markdown.read_text(encoding="utf-8")


def test_options_become_the_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    requests = answering(monkeypatch, REPORT)
    options = ("--engines", "onnx,executorch-int8", "--threads", "2,1,2", "--peers", tmp_path)
    assert invoke("bundle", *options).exit_code == 0
    assert invoke().exit_code == 0
    assert requests == [
        DeviceRequest(
            bundle=Path("bundle"),
            engines=("onnx", "executorch-int8"),
            threads=(2, 1),
            peers=tmp_path,
        ),
        DeviceRequest(),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("--lengths", "32,x"),
        ("--lengths", "0"),
        ("--threads", "1,,2"),
        ("--rounds", "0"),
        ("--peers", "nowhere"),
        ("--peers", ".", "--target", "jvm"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(words: tuple[str, ...]) -> None:
    assert invoke(*words).exit_code == 2


def test_a_regression_is_shown_and_fails_only_when_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = save(tmp_path / "old.json", REPORT)
    answering(monkeypatch, with_measurement(bytes=48_000_000))
    shown = invoke("--compare", old)
    assert shown.exit_code == 0
    assert "REGRESSED" in shown.stdout and "1 of 9 figures regressed" in shown.stdout
    assert invoke("--compare", old, "--fail-on-regression").exit_code == command.EXIT_REGRESSED
    answering(monkeypatch, REPORT)
    assert invoke("--compare", old, "--fail-on-regression").exit_code == 0


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"kind": "benchmark"}', "\ud800", json.dumps({"format": 2})]
)
def test_a_malformed_old_report_is_refused_before_anything_is_measured(
    content: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    requests = answering(monkeypatch, REPORT)
    old = tmp_path / "old.json"
    old.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(DataError, match=r"old\.json"):
        invoke("--compare", old)
    with pytest.raises(DataError, match=r"no\.json"):
        invoke("--compare", tmp_path / "no.json")
    assert requests == []


def test_a_report_with_a_time_below_nothing_is_refused(tmp_path: Path) -> None:
    tree: dict[str, Any] = json.loads(json.dumps(REPORT.to_json()))
    tree["measurements"][0]["lengths"][1]["p50_ms"] = -1
    (tmp_path / "old.json").write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(DataError, match="measurements/0/lengths/1/p50_ms: -1 is less than"):
        load_report(tmp_path / "old.json")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EngineError("the phone went away"), "the phone went away"),
        (KeyboardInterrupt(), "stopped before its end"),
    ],
)
def test_results_so_far_are_kept(
    error: BaseException, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answering(monkeypatch, REPORT, error)
    result = invoke("--json", tmp_path / "report.json", "--markdown", tmp_path / "report.md")
    assert result.exit_code == 2
    assert f"error: incomplete: {reason}" in result.stderr and "onnx-int8" in result.stdout
    assert load_report(tmp_path / "report.json") == replace(REPORT, incomplete=reason)
    assert f"incomplete: {reason}" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_an_error_before_any_result_is_just_the_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answering(monkeypatch, replace(REPORT, measurements=()), EngineError("no phone"))
    with pytest.raises(EngineError, match="no phone"):
        invoke("--markdown", tmp_path / "report.md")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_killed_leaves_a_report_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Killed(BaseException):
        """As if the process ended."""

    answering(monkeypatch, REPORT, Killed())
    with pytest.raises(Killed):
        invoke("--json", tmp_path / "report.json")
    left = load_report(tmp_path / "report.json")
    assert left.measurements == (MEASUREMENT,) and left.incomplete == "stopped before its end"


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    requests = answering(monkeypatch, REPORT)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place in (tmp_path, tmp_path / "file/report.json"):
        with pytest.raises(DataError, match="cannot write"):
            invoke("--json", place)
    assert requests == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--target", "toaster"), "no target 'toaster'; there are host, jvm, adb, ios-file"),
        (("--target", "host:1"), "no target 'host:1'"),
        (("--target", "ios-file"), "--file goes with --target ios-file"),
        (("--file", "report.json"), "--file goes with --target ios-file"),
    ],
)
def test_an_unknown_target_is_named(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(GuardletError, match=message):
        invoke(*words)


def test_the_guide_names_every_option() -> None:
    guide = (ROOT / "docs/device-report.md").read_text(encoding="utf-8")
    context = typer.Context(typer.main.get_command(command.app))
    options = {name for item in context.command.params for name in item.opts if name[:2] == "--"}
    named = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", guide))
    assert named == options


def test_the_package_declares_script_and_command(monkeypatch: pytest.MonkeyPatch) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    script = EntryPoint("x", project["scripts"]["benchmark-device"], "console_scripts")
    assert script.load() is command.main
    declared = project["entry-points"][plugins.GROUP]["benchmark-device"]
    point = EntryPoint("benchmark-device", declared, plugins.GROUP)
    assert set(point.extras) <= project["optional-dependencies"].keys()
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    result = CliRunner(env={"COLUMNS": "200"}).invoke(guardlet_app, ["benchmark-device", "--help"])
    assert result.exit_code == 0 and "--fail-on-regression" in result.output


def test_the_script_ends_an_error_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmark-device", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        command.main()
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1
