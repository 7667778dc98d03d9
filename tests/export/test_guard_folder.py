"""Guard folders: what they must hold, and saving calibrated rules."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny_models import RULES, tiny_classifier

from guardlet.scoring import OperatingPoint, ScoreRules
from guardlet_export.guard_folder import (
    GuardFolder,
    GuardFolderError,
    uncalibrated,
    write_guard_folder,
)

RULES_1 = ScoreRules(
    1.25,
    1,
    {
        name: OperatingPoint(threshold, threshold / 2, f"rule of {name}", ("a", "b"))
        for name, threshold in (("strict", 0.2), ("balanced", 0.4), ("lenient", 0.9))
    },
    -0.75,
)


@pytest.fixture
def folder(tiny_guard: Path, tmp_path: Path) -> Path:
    """A private copy."""
    return Path(shutil.copytree(tiny_guard, tmp_path / "guard"))


def description(folder: Path) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((folder / "guard.json").read_text(encoding="utf-8"))
    return tree


def describe(folder: Path, tree: Any) -> None:
    (folder / "guard.json").write_text(json.dumps(tree), encoding="utf-8")


def test_an_opened_guard(tiny_guard: Path) -> None:
    guard = GuardFolder.open(tiny_guard)
    assert guard.input == RULES
    assert guard.score == uncalibrated(1)
    assert guard.description["name"] == "tiny"
    assert guard.encoder().encode("apple").windows[0].ids == (2, 5, 3)


@pytest.mark.parametrize("name", ["guard.json", "tokenizer.json", "config.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(GuardFolderError, match=name):
        GuardFolder.open(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GuardFolderError, match="guardlet train"):
        GuardFolder.open(tmp_path / "gone")


@pytest.mark.parametrize("content", [b"{", b"", b'{"name": "\xff"}'])
def test_broken_json(folder: Path, content: bytes) -> None:
    (folder / "guard.json").write_bytes(content)
    with pytest.raises(GuardFolderError, match="not valid JSON"):
        GuardFolder.open(folder)


@pytest.mark.parametrize("tree", [[], None, "text", 3])
def test_json_that_is_no_object(folder: Path, tree: Any) -> None:
    describe(folder, tree)
    with pytest.raises(GuardFolderError, match="lacks name"):
        GuardFolder.open(folder)


@pytest.mark.parametrize(
    "key", ["name", "version", "license", "description", "sources", "input", "provenance"]
)
def test_a_missing_key_is_named(folder: Path, key: str) -> None:
    tree = description(folder)
    del tree[key]
    describe(folder, tree)
    with pytest.raises(GuardFolderError, match=f"lacks {key}"):
        GuardFolder.open(folder)


@pytest.mark.parametrize("change", [{"stride": 99}, {"colour": 1}, {"max_tokens": "many"}])
def test_input_rules_that_do_not_fit(folder: Path, change: dict[str, Any]) -> None:
    tree = description(folder)
    tree["input"] |= change
    describe(folder, tree)
    with pytest.raises(GuardFolderError, match="input"):
        _ = GuardFolder.open(folder).input


def test_a_folder_is_written_or_nothing_is(folder: Path, tmp_path: Path) -> None:
    guard, model = GuardFolder.open(folder), tiny_classifier("mini")
    write_guard_folder(tmp_path / "new/guard", model, guard.tokenizer_json, guard.description)
    assert GuardFolder.open(tmp_path / "new/guard").description == guard.description
    with pytest.raises(GuardFolderError, match="exists"):
        write_guard_folder(tmp_path / "new/guard", model, "", {})
    (tmp_path / "file").touch()
    with pytest.raises(GuardFolderError, match="cannot write"):
        write_guard_folder(tmp_path / "file/guard", model, guard.tokenizer_json, {})
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["guard"]


def test_calibrated_rules_are_saved_and_read_back(folder: Path) -> None:
    before = description(folder)
    GuardFolder.open(folder).save_score(RULES_1)
    assert GuardFolder.open(folder).score == RULES_1
    after = description(folder)
    assert {key: after[key] for key in before} == before
    GuardFolder.open(folder).save_score(uncalibrated(1))
    assert GuardFolder.open(folder).score == uncalibrated(1)
    assert not list(folder.glob("*.partial"))
