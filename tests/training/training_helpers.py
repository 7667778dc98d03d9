"""Made-up rows and recipes that several test files share."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from tiny_models import WORDS

from guardlet_training.rows import Row, write_rows

TRAINING_FOLDER = Path(__file__).parents[2] / "training"
RECIPES = sorted((TRAINING_FOLDER / "recipes").glob("*.yaml"))


def sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words))


def made_up_rows(count: int, seed: int = 0) -> list[Row]:
    """Rows of random words, every third harmful, every second with a response."""
    rng = random.Random(seed)
    return [
        Row(
            id=f"row-{i}",
            prompt=sentence(rng, 6 + i % 9),
            response=sentence(rng, 30) if i % 2 else None,
            label=int(i % 3 == 0),
            soft_label=rng.random() if i % 5 else None,
            source="made-up",
            license="CC0-1.0",
        )
        for i in range(count)
    ]


def source_line(path: str, **settings: Any) -> dict[str, Any]:
    line = {"path": path, "home": "example.org", "why": "a test", "license": "CC0-1.0"}
    return line | settings


def recipe_tree(**settings: Any) -> dict[str, Any]:
    """The smallest valid recipe, as plain data."""
    tree = {
        "name": "tiny",
        "version": "1.0.0",
        "license": "Apache-2.0",
        "description": "A test guard.",
        "model": {"source": "nowhere"},
        "data": [source_line("rows.jsonl")],
    }
    return tree | settings


def write_recipe(folder: Path, tree: Any, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return path


def write_source(folder: Path, rows: Iterable[Row], name: str = "rows.jsonl") -> Path:
    path = folder / name
    write_rows(path, rows)
    return path
