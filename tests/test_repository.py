"""Rules that hold for the whole repository, and the wheel that is made of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from repository import ROOT, files

from guardlet import Bundle

LONGEST = 320
SOURCES = files("*.py", "*.kt", "*.kts", "*.java", "*.swift", "*.sh")
PLAIN = (*SOURCES, *files("*.md", "*.toml", "*.yaml", "*.yml", "*.txt", "Makefile", ".ci/*"))
HEAVY = {"torch", "transformers", "datasets", "accelerate", "scikit-learn", "onnx"}
_MACHINE_PATH = re.compile(r"(?<![\w./])/(?:work|root|tmp|home|Users)/")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    found = [
        f"{relative(path)}:{number}"
        for path in PLAIN
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _MACHINE_PATH.search(line)
    ]
    assert found == []


def test_source_files_are_short() -> None:
    lengths = {relative(path): path.read_bytes().count(b"\n") for path in SOURCES}
    assert len(lengths) > 50
    assert {name: length for name, length in lengths.items() if length >= LONGEST} == {}


def test_test_modules_have_names_of_their_own() -> None:
    """Pytest imports them by their last name alone."""
    names = [path.name for path in files("tests/*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def light_requirements(name: str, seen: set[str]) -> set[str]:
    """Names of everything that installing `name` without extras installs."""
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        needed = canonicalize_name(requirement.name)
        if needed in seen or (
            requirement.marker and not requirement.marker.evaluate({"extra": ""})
        ):
            continue
        seen.add(needed)
        light_requirements(needed, seen)
    return seen


def test_the_demo_installs_nothing_heavy() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    installed = light_requirements("guardlet", set())
    assert {"numpy", "onnxruntime", "tokenizers"} <= direct <= installed
    assert not installed & HEAVY


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that no build folder is left in the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in files("*"):
        target = folder / "source" / relative(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder)]
    subprocess.run([*command, str(folder / "source")], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_what_the_packages_need(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path)
    packages = ("guardlet", "guardlet_export", "guardlet_training", "guardlet_benchmarks")
    assert {f"{package}/py.typed" for package in packages} <= names
    assert {"guardlet/bundle/schema.json", "guardlet_export/vector_cases.jsonl"} <= names
    page = "guardlet_benchmarks/page"
    assert {f"{page}/templates/page.html.j2", f"{page}/evaluation.schema.json"} <= names
    modules = {name for name in names if name.endswith(".py")}
    roots = ("runtime", "export", "training", "benchmarks")
    assert modules == {
        path.relative_to(ROOT / root).as_posix() for root in roots for path in files(f"{root}/*.py")
    }
    embedded = Bundle.open(tmp_path / "guardlet/models/guardlet-mini")
    for entry in embedded.manifest.files:
        embedded.check(entry)
