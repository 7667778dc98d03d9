"""What importing the runtime pulls in, and which way imports point."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "sklearn", "onnx", "datasets", "accelerate", "scipy", "yaml"}
# What a part of an extra needs; it is imported when that part is asked for.
OWN = {
    "executorch.py": {"executorch", "torch"},
    "parquet.py": {"pyarrow"},
    "ray_cluster.py": {"ray"},
}
USE = """
import json, sys

offline = []
sys.addaudithook(lambda event, _: event.startswith("socket.") and offline.append(event))
from guardlet import Guard

early = sorted({name.split(".")[0] for name in sys.modules})
guard = Guard.load(sys.argv[1])
written = []

def watch(event, arguments):
    if event == "open" and any(letter in str(arguments[1]) for letter in "wax+"):
        written.append(str(arguments[0]))

sys.addaudithook(watch)
assert guard.check("make bomb").harmful
assert guard.check("hello", "how are you " * 100).judged == "response"
late = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps([early, late, offline, written]))
"""


@pytest.fixture(scope="module")
def observed(bundle_folder: Path) -> list[list[str]]:
    """Packages after import and after a check, sockets used, files opened for writing."""
    done = subprocess.run(
        [sys.executable, "-c", USE, str(bundle_folder)], capture_output=True, check=True
    )
    observed: list[list[str]] = json.loads(done.stdout)
    return observed


def test_importing_and_using_a_guard_loads_nothing_heavy(observed: list[list[str]]) -> None:
    early, late, _, _ = observed
    assert "guardlet" in early
    assert not (HEAVY | {"guardlet_export", "guardlet_training"}) & set(late)
    assert not {"jsonschema", "typer", "rich"} & set(early)


def test_a_check_needs_no_network_and_writes_no_file(observed: list[list[str]]) -> None:
    _, _, sockets, written = observed
    assert sockets == []
    assert written == []


def imported(file: Path) -> set[str]:
    """Top-level packages a source file imports anywhere, lazily as well."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            names.add(node.module or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # importlib.import_module and the like
            names |= {node.value} if node.value.startswith("guardlet_") else set()
    return {name.split(".")[0].split(":")[0] for name in names}


def python_files(folder: str) -> list[Path]:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    return files


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("runtime", {"guardlet_export", "guardlet_training", "guardlet_benchmarks", *HEAVY}),
        ("export", {"guardlet_training", "guardlet_benchmarks"}),
        ("training", {"guardlet_benchmarks"}),
    ],
)
def test_imports_point_one_way(folder: str, forbidden: set[str]) -> None:
    for file in python_files(folder):
        assert not (imported(file) - OWN.get(file.name, set())) & forbidden, file


def test_the_runtime_needs_only_what_it_declares() -> None:
    declared = {"guardlet", "jsonschema", "numpy", "onnxruntime", "rich", "tokenizers", "typer"}
    for file in python_files("runtime"):
        known = declared | OWN.get(file.name, set()) | sys.stdlib_module_names
        assert imported(file) <= known, file
