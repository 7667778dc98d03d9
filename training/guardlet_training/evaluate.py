"""Scoring labelled sets with a guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from guardlet.encoder import Encoder
from guardlet.engines import Engine
from guardlet.errors import DataError
from guardlet.guard import Guard
from guardlet.verify import Tracker
from guardlet_training.calibrate import ScoredSet, as_scored_set
from guardlet_training.metrics import Metrics, compute_metrics, mean_metrics
from guardlet_training.rows import Row, data_files, dataset_name, load_rows


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


def labelled_rows(path: Path) -> list[Row]:
    """The rows of a file that have a label and a text. Raises DataError when there are none."""
    rows = [row for row in load_rows(str(path)) if _usable(row)]
    if not rows:
        raise DataError(f"{path} has no labelled rows")
    return rows


def score_set(path: Path, name: str, encoder: Encoder, engine: Engine, track: Tracker) -> ScoredSet:
    """Window logits of every labelled row."""
    rows = labelled_rows(path)
    logits = [
        [engine.logits(w) for w in encoder.encode(row.prompt, row.response).windows]
        for row in track(rows, name, len(rows))
    ]
    return as_scored_set([row.target for row in rows], logits)


def evaluate(
    guard: Guard, files: dict[str, Path], threshold: float, track: Tracker
) -> dict[str, Metrics]:
    """Metrics of each set at `threshold`."""
    results = {}
    for name, path in files.items():
        rows = labelled_rows(path)
        scores = [
            guard.check(row.prompt, row.response).score for row in track(rows, name, len(rows))
        ]
        results[name] = compute_metrics([row.target for row in rows], scores, threshold)
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


def _usable(row: Row) -> bool:
    return (row.label is not None or row.soft_label is not None) and bool(
        row.prompt.strip() or (row.response or "").strip()
    )
