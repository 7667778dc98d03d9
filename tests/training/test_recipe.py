"""Recipes: the shipped ones are valid, and mistakes are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from training_helpers import RECIPES, recipe_tree, source_line, write_recipe

from guardlet.errors import RecipeError
from guardlet_training.mix import RECIPE_PREFIX, resolve
from guardlet_training.recipe import Recipe, load_recipe, recipe_dict
from guardlet_training.rows import load_rows

LANGUAGE = {"min_tokens": 8, "max_foreign": 0.25, "max_continuations": 0.4}


def load_tree(folder: Path, tree: Any, *overrides: str) -> Recipe:
    return load_recipe(write_recipe(folder, tree), list(overrides))


def test_recipes_are_shipped() -> None:
    assert {"mini.yaml", "harmaug-large.yaml"} <= {path.name for path in RECIPES}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_recipe_is_valid(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.data
    assert recipe.training.batch_size % recipe.training.micro_batch_size == 0
    for source in recipe.data:
        assert all(text.strip() for text in (source.home, source.license, source.why))
        assert source.form not in ("refused", "as_response") or source.partner
        assert 0 <= source.cut <= 1 and source.repeat >= 1


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_files_beside_a_shipped_recipe_load(path: Path) -> None:
    recipe = load_recipe(path)
    named = {name for source in recipe.data for name in (source.path, source.partner) if name}
    for name in sorted(named):
        if name.startswith(RECIPE_PREFIX):
            assert load_rows(resolve(name, recipe, path.parent))


def test_defaults_are_spelled_out(tmp_path: Path) -> None:
    tree = recipe_dict(load_tree(tmp_path, recipe_tree()))
    assert tree["training"]["seed"] == 42
    assert tree["data"][0]["form"] == "as_is"
    assert recipe_dict(load_tree(tmp_path, tree)) == tree


def test_a_recipe_extends_another(tmp_path: Path) -> None:
    base = recipe_tree() | {"decontaminate": ["held.jsonl"], "training": {"seed": 7, "epochs": 2}}
    (tmp_path / "base.yaml").write_text(json.dumps(base), encoding="utf-8")
    more = {"extends": "base.yaml", "training": {"epochs": 1}, "data": [source_line("more.jsonl")]}
    recipe = load_tree(tmp_path, more, "version=9.0.0")
    assert [source.path for source in recipe.data] == [
        *(source["path"] for source in base["data"]),
        "more.jsonl",
    ]
    assert (recipe.training.seed, recipe.training.epochs, recipe.version) == (7, 1, "9.0.0")
    assert recipe.decontaminate == ["held.jsonl"]


def test_a_recipe_that_extends_itself_is_refused(tmp_path: Path) -> None:
    for name, other in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")):
        (tmp_path / name).write_text(json.dumps({"extends": other}), encoding="utf-8")
    with pytest.raises(RecipeError, match="extends itself"):
        load_recipe(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"colour": "blue"}, "colour"),
        ({"training": {"epoch": 3}}, "training.epoch"),
        ({"model": {"source": "x", "depth": 2}}, "model.depth"),
        ({"data": [source_line("a", caps=3)]}, "data.0.caps"),
        ({"training": {"epochs": "three"}}, "training.epochs"),
        ({"training": {"batch_size": 2.5}}, "training.batch_size"),
        ({"training": {"teacher": "kind"}}, "training.teacher"),
        ({"version": 1.0}, "version"),
        ({"version": "1.0"}, "version"),
        ({"name": "My Guard"}, "name"),
        ({"name": "guard\n"}, "name"),
        ({"data": "rows.jsonl"}, "data"),
        ({"data": [source_line("a", form="poem")]}, "data.0.form"),
        ({"model": {}}, "model.source"),
        ({"input": {"language": {"min_tokens": 8}}}, "input.language.max_foreign"),
        ({"input": {"language": LANGUAGE | {"min": 8}}}, "input.language.min"),
        ({"input": {"language": LANGUAGE | {"max_foreign": 25}}}, "input.language"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(RecipeError, match=rf"{named}: "):
        load_tree(tmp_path, recipe_tree(**changes))


@pytest.mark.parametrize("key", ["name", "version", "license", "description", "model", "data"])
def test_missing_key(tmp_path: Path, key: str) -> None:
    tree = recipe_tree()
    del tree[key]
    with pytest.raises(RecipeError, match=rf"{key}: "):
        load_tree(tmp_path, tree)


@pytest.mark.parametrize("key", ["path", "home", "why", "license"])
def test_missing_source_key(tmp_path: Path, key: str) -> None:
    line = source_line("a")
    del line[key]
    with pytest.raises(RecipeError, match=rf"data\.0\.{key}: "):
        load_tree(tmp_path, recipe_tree(data=[line]))


@pytest.mark.parametrize("tree", [None, [], "text"])
def test_not_a_mapping(tmp_path: Path, tree: Any) -> None:
    with pytest.raises(RecipeError):
        load_tree(tmp_path, tree)
    with pytest.raises(RecipeError):
        load_tree(tmp_path, tree, "name=x")


@pytest.mark.parametrize("content", [b"a: [1", b"name: \xff\xfe"], ids=["yaml", "utf-8"])
def test_unreadable_recipe(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"broken\.yaml"):
        load_recipe(path)


def test_missing_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"gone\.yaml"):
        load_recipe(tmp_path / "gone.yaml")


def test_overrides(tmp_path: Path) -> None:
    overrides = ("training.epochs=0.5", "model.transplant=true", "dev=null", "license=a=b")
    recipe = load_tree(tmp_path, recipe_tree(dev="dev.jsonl"), *overrides)
    assert (recipe.training.epochs, recipe.model.transplant) == (0.5, True)
    assert (recipe.dev, recipe.license) == (None, "a=b")


@pytest.mark.parametrize(
    "override",
    ["training.epochs", "name.first=x", "data.0.path=x", "training.epoch=1", "seed=[", "=1"],
)
def test_bad_override(tmp_path: Path, override: str) -> None:
    with pytest.raises(RecipeError):
        load_tree(tmp_path, recipe_tree(), override)
