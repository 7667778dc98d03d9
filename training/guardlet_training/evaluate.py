"""Scoring labelled sets with a guard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from guardlet.bundle import Manifest
from guardlet.encoder import Encoder
from guardlet.engines import Engine
from guardlet.errors import DataError, EmptyInputError
from guardlet.guard import Guard
from guardlet.verify import Tracker
from guardlet_training.calibrate import ScoredSet, as_scored_set
from guardlet_training.categories import Categories, Tags, by_category, tags
from guardlet_training.curves import Curves, compute_curves, without_calibration
from guardlet_training.metrics import Metrics, compute_metrics, mean_metrics
from guardlet_training.public_sets import PUBLIC_SUFFIXES, read_parts, read_rows
from guardlet_training.rows import Row, data_files, dataset_name

T = TypeVar("T")


def expand(paths: Sequence[Path]) -> dict[str, Path]:
    """Data sets by name, folders opened. Raises DataError for two of the same name."""
    found: dict[str, Path] = {}
    for path in paths:
        for file in data_files(path) if path.is_dir() else [path]:
            name = _set_name(file)
            if name in found:
                raise DataError(f"two data sets are called {name}; rename one")
            found[name] = file
    return found


def _set_name(file: Path) -> str:
    return file.stem if file.name.endswith(PUBLIC_SUFFIXES) else dataset_name(file)


def judge_rows(
    path: Path, name: str, judge: Callable[[str, str | None], T], track: Tracker
) -> tuple[list[int], list[T]]:
    """Labels, and what `judge` says of prompt and response, of every row of a file that has a
    label and a readable text. Raises DataError when none has."""
    pairs = list(_judged(read_rows(path), name, judge, track))
    if not pairs:
        raise DataError(f"{path} has no labelled rows")
    return [row.target for row, _ in pairs], [answer for _, answer in pairs]


def _judged(
    rows: Sequence[Row], name: str, judge: Callable[[str, str | None], T], track: Tracker
) -> Iterator[tuple[Row, T]]:
    labelled = [row for row in rows if row.labelled]
    for row in track(labelled, name, len(labelled)):
        with suppress(EmptyInputError):
            yield row, judge(row.prompt, row.response)


def score_set(path: Path, name: str, encoder: Encoder, engine: Engine, track: Tracker) -> ScoredSet:
    """Window logits of every labelled row."""

    def logits(prompt: str, response: str | None) -> tuple[bool, list[NDArray[np.float32]]]:
        encoding = encoder.encode(prompt, response)
        return encoding.judged == "response", list(map(engine.logits, encoding.windows))

    labels, answers = judge_rows(path, name, logits, track)
    responses, windows = zip(*answers, strict=True)
    return as_scored_set(labels, windows, responses)


@dataclass(frozen=True)
class Judged:
    """Labels (0 or 1), P(harmful) and categories of a set's rows. `responses` tells the rows whose
    response was judged."""

    labels: list[int]
    scores: list[float]
    responses: list[bool]
    tags: Tags = field(default_factory=dict)


def judge_sets(
    guard: Guard, files: dict[str, Path], track: Tracker, own_categories: bool = False
) -> dict[str, Judged]:
    """The guard's scores of every set; a public set may be several. `own_categories` keeps
    those of our own rows too. Raises DataError for a set without a labelled row."""
    judged = {}
    for name, path in files.items():
        for part in read_parts(path):
            whole = f"{name}.{part.name}" if part.name else name
            pairs = list(_judged(part.rows, whole, guard.check, track))
            if not pairs:
                raise DataError(f"{path} has no labelled rows")
            judged[whole] = Judged(
                [row.target for row, _ in pairs],
                [verdict.score for _, verdict in pairs],
                [verdict.judged == "response" for _, verdict in pairs],
                tags([row for row, _ in pairs], part.dimensions, own_categories),
            )
    return judged


def evaluate(judged: Mapping[str, Judged], threshold: float) -> dict[str, Metrics]:
    """Metrics of each set at `threshold`."""
    return {
        name: compute_metrics(item.labels, item.scores, threshold) for name, item in judged.items()
    }


def evaluate_categories(judged: Mapping[str, Judged], threshold: float) -> dict[str, Categories]:
    """Metrics of each category of the sets that have any."""
    return {
        name: by_category(item.labels, item.scores, item.tags, threshold)
        for name, item in judged.items()
        if item.tags
    }


def curves(judged: Mapping[str, Judged], manifest: Manifest) -> dict[str, Curves]:
    """Curves of each set. The bundle's calibration can be undone when it has two labels."""

    def uncalibrated(item: Judged) -> list[float] | None:
        if len(manifest.labels) != 2:
            return None
        return without_calibration(item.scores, item.responses, manifest.score)

    return {
        name: compute_curves(item.labels, item.scores, uncalibrated(item))
        for name, item in judged.items()
    }


def report(
    guard: Guard,
    results: Mapping[str, Metrics],
    extra: Mapping[str, Curves] | None = None,
    categories: Mapping[str, Categories] | None = None,
) -> dict[str, Any]:
    """The JSON that `guardlet evaluate --json` writes; with `extra`, curves beside the figures, and
    `categories` under that name."""
    more = {name: asdict(item) for name, item in (extra or {}).items()}
    for name, found in (categories or {}).items():
        figures = {key: {v: asdict(m) for v, m in values.items()} for key, values in found.items()}
        more.setdefault(name, {})["categories"] = figures
    tree = {
        "bundle": guard.bundle_label,
        "engine": guard.engine_label,
        "operating_point": guard.operating_point,
        "datasets": {n: {**asdict(item), **more.get(n, {})} for n, item in results.items()},
        "mean": mean_metrics(results),
    }
    plain: dict[str, Any] = json.loads(json.dumps(tree, allow_nan=False))
    return plain
