"""From a recipe's sources to the rows a guard is trained on."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from guardlet.errors import DataError, RecipeError
from guardlet_training.overlap import overlapping
from guardlet_training.recipe import Recipe, Source
from guardlet_training.rows import HUB_PREFIX, Row, load_rows

RECIPE_PREFIX = "recipe:"
_SHORTEST_CUT_CHARS = 40


def build_mix(recipe: Recipe, recipe_folder: Path) -> tuple[list[Row], dict[str, Any]]:
    """The training rows, shuffled by the recipe's seed, and a report of counts.

    Rows that overlap an evaluation set named in `decontaminate` (or `dev`) are left out, as are
    repeated texts, every text that comes with both labels, and rows without a label, which a
    teacher could not read. Raises DataError and RecipeError.
    """
    drawn: list[tuple[Row, int]] = []
    unlabelled = 0
    for number, source in enumerate(recipe.data):
        rng = random.Random(f"{recipe.training.seed}-{number}-{source.path}")
        found = load_rows(resolve(source.path, recipe, recipe_folder))
        wanted = [row for row in found if _kept(row, source)]
        labelled = [row for row in wanted if row.labelled]
        unlabelled += len(wanted) - len(labelled)
        rows = _source_rows(labelled, source, recipe, recipe_folder, rng)
        drawn += [(row, source.repeat) for row in rows]
    unique = _without_duplicates(drawn)
    held = [row for path in _evaluation_paths(recipe, recipe_folder) for row in load_rows(path)]
    contaminated = overlapping([row.prompt for row, _ in unique], [row.prompt for row in held])
    clean = [
        row
        for index, (row, repeat) in enumerate(unique)
        if index not in contaminated
        for _ in range(repeat)
    ]
    if not clean:
        raise DataError(f"the recipe's sources yield no training rows; {unlabelled} had no label")
    random.Random(recipe.training.seed).shuffle(clean)
    counts = Counter(f"{_form(row)} {'harmful' if row.target else 'benign'}" for row in clean)
    licences = Counter(row.license or "unstated" for row in clean)
    report = {
        "rows": len(clean),
        "unlabelled": unlabelled,
        "duplicates": len(drawn) - len(unique),
        "overlapping_evaluation": len(contaminated),
        "counts": dict(sorted(counts.items())),
        "licenses": dict(sorted(licences.items())),
    }
    return clean, report


def resolve(path: str, recipe: Recipe, recipe_folder: Path) -> str:
    """Where a recipe path points: a hub id unchanged, else a file system path."""
    if path.startswith(HUB_PREFIX):
        return path
    if path.startswith(RECIPE_PREFIX):
        return str(recipe_folder / path.removeprefix(RECIPE_PREFIX))
    return str(Path(recipe.data_root) / path)


def cut_response(response: str, rng: random.Random) -> str:
    """`response` cut at a random word boundary, never shorter than 40 characters or a third."""
    least = max(_SHORTEST_CUT_CHARS, len(response) // 3)
    boundaries = [m.start() for m in re.finditer(r"\s+", response) if m.start() >= least]
    return response[: rng.choice(boundaries)] if boundaries else response


def _evaluation_paths(recipe: Recipe, folder: Path) -> list[str]:
    """`decontaminate` resolved as sources are, and `dev`, which is relative to the shell."""
    held = [resolve(path, recipe, folder) for path in recipe.decontaminate]
    return [*held, *([recipe.dev] if recipe.dev else [])]


def _source_rows(
    labelled: list[Row], source: Source, recipe: Recipe, folder: Path, rng: random.Random
) -> list[Row]:
    rows = _sample(labelled, source, rng)
    if source.form == "prompt_only":
        rows = [replace(row, response=None) for row in rows]
    elif source.form == "refused":
        replies = _texts(source, recipe, folder)
        rows = [
            replace(row, response=rng.choice(replies), label=0, soft_label=None) for row in rows
        ]
    elif source.form == "as_response":
        prompts = _texts(source, recipe, folder)
        rows = [replace(row, prompt=rng.choice(prompts), response=row.prompt) for row in rows]
    return [_maybe_cut(row, source.cut, rng) for row in rows]


def _kept(row: Row, source: Source) -> bool:
    for key, wanted in source.where.items():
        value = getattr(row, key, None) if hasattr(row, key) else row.extra.get(key)
        if value not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    return not any(part in (row.source or "") for part in source.without)


def _sample(rows: list[Row], source: Source, rng: random.Random) -> list[Row]:
    kept: list[Row] = []
    for label, cap in ((1, source.harmful), (0, source.benign)):
        part = [row for row in rows if row.target == label]
        kept += rng.sample(part, cap) if cap is not None and cap < len(part) else part
    return kept


def _texts(source: Source, recipe: Recipe, folder: Path) -> list[str]:
    """The texts of the source's `partner` file: each row's response, else its prompt."""
    if source.partner is None:
        raise RecipeError(f"source {source.path}: form `{source.form}` needs `partner`")
    rows = load_rows(resolve(source.partner, recipe, folder))
    texts = [text for row in rows if (text := row.response or row.prompt)]
    if not texts:
        raise DataError(f"{source.partner} holds no text for source {source.path}")
    return texts


def _maybe_cut(row: Row, share: float, rng: random.Random) -> Row:
    if row.response is None or rng.random() >= share:
        return row
    return replace(row, response=cut_response(row.response, rng))


def _without_duplicates(drawn: list[tuple[Row, int]]) -> list[tuple[Row, int]]:
    labels: dict[tuple[str, str | None], set[int]] = {}
    for row, _ in drawn:
        labels.setdefault((row.prompt, row.response), set()).add(row.target)
    seen: set[tuple[str, str | None]] = set()
    kept = []
    for row, repeat in drawn:
        key = (row.prompt, row.response)
        if key not in seen and len(labels[key]) == 1:
            seen.add(key)
            kept.append((row, repeat))
    return kept


def _form(row: Row) -> str:
    return "pair" if row.response else "prompt"
