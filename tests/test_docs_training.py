"""The training commands of the guides, word for word, on stand-ins for the data they name."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli_runner import guardlet
from repository import ROOT, commands
from tiny_models import save_tiny_bert

from guardlet import Bundle
from guardlet_training.mix import RECIPE_PREFIX
from guardlet_training.recipe import Recipe, load_recipe
from guardlet_training.rows import HUB_PREFIX, Row, write_rows

RECIPE = "training/recipes/mini.yaml"  # its second stage reads no others
# Everything else in the recipe stays as it is, its own data files included.
SHORTER = ("training.epochs=0.001", "training.precision=fp32")


def rows(name: str, where: dict[str, Any]) -> list[Row]:
    """Rows of both classes, with a response, that a source with this `where` takes."""
    extra = {key: value[0] if isinstance(value, list) else value for key, value in where.items()}
    return [
        Row(
            id=f"{name}-{i}",
            prompt=f"Prompt {i} of {name} about {extra}",
            response=f"Response {i} of {name}. " * 4,
            label=i % 2,
            source="made-up",
            license="CC0-1.0",
            extra=extra,
        )
        for i in range(6)
    ]


def write_data(folder: Path, recipe: Recipe) -> None:
    """A file for every path the recipe expects in its `data_root`."""
    wanted: dict[str, list[Row]] = {path: [] for path in recipe.decontaminate}
    for source in recipe.data:
        wanted.setdefault(source.path, []).extend(rows(source.path, source.where))
        if source.partner:
            wanted.setdefault(source.partner, rows(source.partner, {}))
    folder.mkdir()
    for path, made in wanted.items():
        if not path.startswith((RECIPE_PREFIX, HUB_PREFIX)):
            write_plain(folder / path, made or rows(path, {}))


def write_plain(path: Path, made: list[Row]) -> None:
    write_rows(path, made)
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(path.read_bytes()))


@pytest.fixture
def workplace(tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like the repository to these commands, with stand-ins beside it."""
    (tmp_path / "training").symlink_to(ROOT / "training")
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copytree(tiny_bundle, tmp_path / "runtime/guardlet/models/guardlet-mini")
    recipe = load_recipe(ROOT / RECIPE)
    write_data(tmp_path / "DATA", recipe)
    (tmp_path / "DEV").mkdir()
    for name in ("beavertails_test", "dices_350", "dices_990"):
        write_rows(tmp_path / f"DEV/{name}.jsonl", rows(name, {}))
    limits = {
        "max_position_embeddings": recipe.input.max_tokens,
        "initializer_range": 0.02,
        "num_hidden_layers": 12,
    }
    save_tiny_bert(tmp_path / "E5", **limits)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(words: list[str]) -> Path | None:
    """The bundle an `export` command writes."""
    return Path(words[3]) if words[1] == "export" else None


@pytest.mark.slow
@pytest.mark.parametrize("guide", ["README.md", "CONTRIBUTING.md"])
def test_training_commands_run(guide: str, workplace: Path) -> None:
    heavy = [
        words
        for words in commands(guide)
        if words[0] == "guardlet" and words[1] not in ("check", "info", "verify")
    ]
    steps = [words[1] for words in heavy]
    assert steps[: steps.index("export") + 1] == ["train"] * steps.count("train") + [
        "calibrate",
        "export",
    ]
    for words in heavy:
        more = SHORTER if words[1] == "train" else ()
        if words[1:3] == ["train", RECIPE] and "model.source=E5" not in words:
            # Two layers are enough where no second stage picks among them.
            more = (*more, "model.source=E5", "model.layers=[0,1]")
        guardlet(*words[1:], *more)
        bundle = written(words)
        if bundle:
            assert Bundle.open(bundle).manifest.name == "guardlet-mini"
            guardlet("verify", bundle)
        if "--json" in words:
            assert Path(words[words.index("--json") + 1]).is_file()
