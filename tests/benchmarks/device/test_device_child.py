"""The worker process and the pipe to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from guardlet.bundle import default_bundle
from guardlet.errors import EngineError
from guardlet_benchmarks.device.child import Child
from guardlet_benchmarks.device.subject import Spec

SPEC = Spec("onnx-int8-table4", "onnx", "int8-table4", 1, 1, str(default_bundle()))
TEXTS = ["Hello", "What grows in a winter garden?"]


def test_a_worker_loads_checks_runs_and_tells_its_memory() -> None:
    child = Child("the guard")
    try:
        opened = child.ask("open", spec=SPEC.to_dict(), texts=TEXTS)
        assert opened["load_ms"] > 0 and opened["first_check_ms"] > 0
        checked = child.ask("check", text=1)
        assert checked["check_ms"] > 0 and checked["encode_ms"] > 0
        run = child.ask("run", text=0, seconds=0.05)
        assert run["checks"] >= 1 and run["seconds"] >= 0.05
        assert child.ask("memory")["bytes"] > 20e6
    finally:
        child.close()


def test_an_error_of_guardlet_leaves_the_worker_alive(tmp_path: Path) -> None:
    child = Child("the guard")
    try:
        spec = SPEC.to_dict() | {"source": str(tmp_path)}
        with pytest.raises(EngineError, match=r"^the guard: .* holds no guardlet\.json"):
            child.ask("open", spec=spec, texts=TEXTS)
        assert child.ask("open", spec=SPEC.to_dict(), texts=TEXTS)["load_ms"] > 0
    finally:
        child.close()


def test_a_worker_that_fails_says_how() -> None:
    child = Child("the guard")
    try:
        with pytest.raises(EngineError, match=r"^the guard: its process failed: AttributeError"):
            child.ask("dance")
        with pytest.raises(EngineError, match="its process failed"):
            child.ask("memory")
    finally:
        child.close()
        child.close()


def test_modules_in_the_working_folder_are_not_taken_for_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not the real one')\n", encoding="utf-8")
    paths = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(Path(path).resolve()) for path in paths))
    monkeypatch.chdir(tmp_path)
    child = Child("the guard")
    try:
        assert child.ask("open", spec=SPEC.to_dict(), texts=TEXTS)["load_ms"] > 0
    finally:
        child.close()
