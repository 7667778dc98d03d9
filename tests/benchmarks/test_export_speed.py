"""The export benchmark on a tiny model: what its figures are made of, never how good they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest
import torch
from repository import ROOT

from guardlet_benchmarks.export_speed import main
from guardlet_benchmarks.models import SHAPES, random_model, random_windows
from guardlet_benchmarks.operations import operations
from guardlet_benchmarks.report import markdown
from guardlet_benchmarks.timing import interleaved_ms, torch_threads
from guardlet_export.deberta_weights import read_weights
from guardlet_export.executorch_export import missing_packages

ONNX = {
    "optimum-fp32",
    "optimum-int8",
    "guardlet-fp32",
    "guardlet-int8",
    "guardlet-int8-table4",
}
EXECUTORCH = "executorch-int8"
OPTIONS = ["--shapes", "tiny", "--lengths", "8,70", "--rounds", "2", "--windows", "3"]


def assert_whole(figures: dict[str, Any]) -> None:
    about = figures["environment"]
    named = {"date", "processor", "cores", "packages", "threads", "other_processes_running"}
    assert named <= about.keys()
    assert {"onnxruntime", "optimum", "optimum-onnx", "torch"} <= about["packages"].keys()
    assert figures["models"]
    for model in figures["models"]:
        assert model["parameters"] > 0
        routes = model["routes"].keys()
        assert routes - {EXECUTORCH} == ONNX
        assert all(route["bytes"] > 0 for route in model["routes"].values())
        assert model["lengths"]
        for result in model["lengths"]:
            assert_whole_length(result, routes)
        table = markdown(model)
        assert all(table.count(f"| {name} |") == len(model["lengths"]) + 1 for name in routes)


def assert_whole_length(result: dict[str, Any], routes: Set[str]) -> None:
    for figure in ("ms", "speedup", "share_of_machine"):
        assert result[figure].keys() == routes
        assert all(value > 0 for value in result[figure].values())
    assert result["machine_gops"].keys() == {"fp32", "int8"}
    assert result["score_error"].keys() == routes
    if EXECUTORCH in routes:
        times, ms = result["time_of_guardlet_int8"], result["ms"]
        assert times[EXECUTORCH] == pytest.approx(ms[EXECUTORCH] / ms["guardlet-int8"], rel=0.05)
    for name, error in result["score_error"].items():
        assert 0 <= error["mean"] <= error["max"] <= (1e-4 if "fp32" in name else 1)


def tiny_figures(target: Path, printed: str) -> dict[str, Any]:
    """The figures of the only model of a run with OPTIONS, looked through."""
    figures = json.loads(target.read_text(encoding="utf-8"))
    assert_whole(figures)
    (model,) = figures["models"]
    assert model["model"] == "tiny"
    assert [result["tokens"] for result in model["lengths"]] == [8, 70]
    assert list(target.parent.iterdir()) == [target]
    assert printed.count("| 70 |") == len(model["routes"]) and "### tiny" in printed
    return model  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.skipif(bool(missing_packages()), reason="needs executorch and torchao")
def test_a_tiny_shape_from_end_to_end(tmp_path: Path) -> None:
    """In a process of its own: another test may have given ExecuTorch more threads."""
    target = tmp_path / "speed.json"
    command = [sys.executable, "-m", "guardlet_benchmarks.export_speed", *OPTIONS]
    done = subprocess.run([*command, "--json", str(target)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert EXECUTORCH in tiny_figures(target, done.stdout)["routes"]


@pytest.mark.slow
def test_without_executorch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "speed.json"
    with torch_threads(2):
        main([*OPTIONS, "--no-executorch", "--json", str(target)])
        assert torch.get_num_threads() == 2
    assert tiny_figures(target, capsys.readouterr().out)["routes"].keys() == ONNX


def test_the_recorded_figures_are_whole() -> None:
    recorded = ROOT / "benchmarks/results/export_speed.json"
    assert_whole(json.loads(recorded.read_text(encoding="utf-8")))


def test_an_unknown_shape_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--shapes", "tiny,gigantic"])
    assert "no shape gigantic" in capsys.readouterr().err


def test_random_weights_come_out_the_same() -> None:
    first, again = random_model(SHAPES["tiny"]), random_model(SHAPES["tiny"])
    assert all(a.equal(b) for a, b in zip(first.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("length", [4, 5, 33])
def test_windows_are_pairs_of_the_asked_length(length: int) -> None:
    config = random_model(SHAPES["tiny"]).config
    windows = random_windows(config, length, 4, seed=0)
    assert len(windows) == 4 and len({window.ids for window in windows}) > 1
    for window in windows:
        assert len(window.ids) == len(window.type_ids) == length
        assert window.ids[0] == 1 and window.ids[-1] == 2
        assert max(window.ids) < config.vocab_size


def test_operations_of_a_layer_counted_by_hand() -> None:
    weights = read_weights(random_model(SHAPES["tiny"]), 8)
    hidden, inner, tokens, rows, heads = 64, 128, 4, 7, 2
    dense = tokens * (4 * hidden**2 + 2 * hidden * inner)
    attention = 2 * tokens * tokens * hidden + 2 * tokens * rows * hidden
    key, one_row = tokens * hidden**2, 2 * hidden**2 + 2 * hidden * inner
    last = key + one_row + heads * hidden**2 + (heads + 2) * tokens * hidden
    pooler = hidden**2
    assert operations(weights, tokens) == 2 * (dense + attention + last + pooler)


def test_functions_are_called_in_turns() -> None:
    calls: list[str] = []
    names = ("a", "b")
    times = interleaved_ms({name: lambda name=name: calls.append(name) for name in names}, 3)
    assert calls == ["a", "a", "b", "b", *names * 3]
    assert times.keys() == set(names) and min(times.values()) >= 0
