"""Scoring labelled sets with a guard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from guardlet.encoder import Encoder
from guardlet.engines import Engine
from guardlet.errors import DataError, EmptyInputError
from guardlet.guard import Guard
from guardlet.verify import Tracker
from guardlet_training.calibrate import ScoredSet, as_scored_set
from guardlet_training.metrics import Metrics, compute_metrics, mean_metrics
from guardlet_training.rows import data_files, dataset_name, load_rows

T = TypeVar("T")


def expand(paths: Sequence[Path]) -> dict[str, Path]:
    """Data sets by name, folders opened. Raises DataError for two of the same name."""
    found: dict[str, Path] = {}
    for path in paths:
        for file in data_files(path) if path.is_dir() else [path]:
            name = dataset_name(file)
            if name in found:
                raise DataError(f"two data sets are called {name}; rename one")
            found[name] = file
    return found


def judge_rows(
    path: Path, name: str, judge: Callable[[str, str | None], T], track: Tracker
) -> tuple[list[int], list[T]]:
    """Labels, and what `judge` says of prompt and response, of every row of a file that has a
    label and a readable text. Raises DataError when none has."""
    rows = [r for r in load_rows(str(path)) if r.label is not None or r.soft_label is not None]

    def judged() -> Iterator[tuple[int, T]]:
        for row in track(rows, name, len(rows)):
            with suppress(EmptyInputError):
                yield row.target, judge(row.prompt, row.response)

    pairs = list(judged())
    if not pairs:
        raise DataError(f"{path} has no labelled rows")
    return [label for label, _ in pairs], [answer for _, answer in pairs]


def score_set(path: Path, name: str, encoder: Encoder, engine: Engine, track: Tracker) -> ScoredSet:
    """Window logits of every labelled row."""

    def logits(prompt: str, response: str | None) -> list[NDArray[np.float32]]:
        return [engine.logits(window) for window in encoder.encode(prompt, response).windows]

    return as_scored_set(*judge_rows(path, name, logits, track))


def evaluate(
    guard: Guard, files: dict[str, Path], threshold: float, track: Tracker
) -> dict[str, Metrics]:
    """Metrics of each set at `threshold`."""
    results = {}
    for name, path in files.items():
        labels, verdicts = judge_rows(path, name, guard.check, track)
        scores = [verdict.score for verdict in verdicts]
        results[name] = compute_metrics(labels, scores, threshold)
    return results


def report(guard: Guard, results: dict[str, Metrics]) -> dict[str, Any]:
    """The JSON that `guardlet evaluate --json` writes."""
    return {
        "bundle": guard.bundle_label,
        "engine": guard.engine_label,
        "operating_point": guard.operating_point,
        "datasets": {name: asdict(metrics) for name, metrics in results.items()},
        "mean": mean_metrics(results),
    }
