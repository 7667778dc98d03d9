"""The gate: an artifact over labelled data, next to the fp32 PyTorch model.

Golden vectors prove that the same function is computed; labelled data of the guard's own field
show what a small difference does to its verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardlet.bundle import DEFAULT_OPERATING_POINT
from guardlet.encoder import Encoder
from guardlet.engines import Engine
from guardlet.errors import DataError, EmptyInputError
from guardlet.scoring import ScoreRules
from guardlet.verify import Tracker
from guardlet_export.rates import compute_rates
from guardlet_export.rows import Row, dataset_name, file_rows


@dataclass(frozen=True)
class GateLimits:
    """How much worse than PyTorch an artifact may be on each data set, shares from 0 to 1."""

    mean: float = 0.02
    flips: float = 0.02
    f1: float = 0.01
    recall: float = 0.02
    fpr: float = 0.02


DEFAULT_LIMITS = GateLimits()


@dataclass(frozen=True)
class GateReport:
    """One artifact on one data set, at `balanced`. Deltas are artifact minus PyTorch, None where a
    class has no rows."""

    rows: int
    max_score_delta: float
    mean_score_delta: float
    verdict_flips: int
    f1_delta: float | None
    recall_delta: float | None
    fpr_delta: float | None

    def beyond(self, limits: GateLimits) -> str | None:
        """The first figure over its limit, in words; None when all are within."""
        figures = (
            ("mean |score difference|", self.mean_score_delta, limits.mean),
            ("share of verdicts that flip", self.verdict_flips / self.rows, limits.flips),
            ("fall of F1", -(self.f1_delta or 0.0), limits.f1),
            ("fall of recall", -(self.recall_delta or 0.0), limits.recall),
            ("rise of the false-positive rate", self.fpr_delta or 0.0, limits.fpr),
        )
        for name, value, limit in figures:
            if value > limit:
                return f"{name} is {value:.4f} (limit {limit:g})"
        return None


@dataclass(frozen=True)
class _LabelledSet:
    rows: Sequence[Row]
    harmful: NDArray[np.bool_]
    scores: NDArray[np.float64]


class Gate:
    """Labelled data sets with their PyTorch scores."""

    def __init__(
        self,
        files: Sequence[Path],
        limits: GateLimits,
        encoder: Encoder,
        reference: Engine,
        rules: ScoreRules,
        track: Tracker | None = None,
    ) -> None:
        """`reference` is scored once, here. Raises DataError for files that are unreadable, hold
        no labelled row, or share a name."""
        self._limits, self._encoder, self._rules = limits, encoder, rules
        self._sets: dict[str, _LabelledSet] = {}
        for file in files:
            name = dataset_name(file)
            if name in self._sets:
                raise DataError(f"two data sets are called {name}; rename one")
            self._sets[name] = self._read(file, name, reference, track)

    def reports(self, engine: Engine) -> dict[str, GateReport]:
        """What `engine` does on each data set, by its name."""
        return {name: self._report(data, engine) for name, data in self._sets.items()}

    def objection(self, reports: dict[str, GateReport]) -> str | None:
        """Why these reports are too bad, naming set and figure; None when they are not."""
        for name, report in reports.items():
            if reason := report.beyond(self._limits):
                return f"on {name} its {reason}"
        return None

    def accepts(self, engine: Engine) -> bool:
        return self.objection(self.reports(engine)) is None

    def _read(
        self, file: Path, name: str, reference: Engine, track: Tracker | None
    ) -> _LabelledSet:
        rows = [row for row in file_rows(file) if row.labelled and self._readable(row)]
        if not rows:
            raise DataError(f"{file} has no labelled rows")
        tracked = track(rows, f"gate {name}", len(rows)) if track else rows
        scores = np.array([self._score(row, reference) for row in tracked])
        return _LabelledSet(rows, np.array([row.target == 1 for row in rows]), scores)

    def _report(self, data: _LabelledSet, engine: Engine) -> GateReport:
        scores = np.array([self._score(row, engine) for row in data.rows])
        threshold = self._rules.operating_points[DEFAULT_OPERATING_POINT].threshold
        flagged, before = scores >= threshold, data.scores >= threshold
        ours, theirs = compute_rates(data.harmful, flagged), compute_rates(data.harmful, before)
        deltas = np.abs(scores - data.scores)
        return GateReport(
            rows=len(scores),
            max_score_delta=float(deltas.max()),
            mean_score_delta=float(deltas.mean()),
            verdict_flips=int((flagged != before).sum()),
            f1_delta=_difference(ours.f1, theirs.f1),
            recall_delta=_difference(ours.recall, theirs.recall),
            fpr_delta=_difference(ours.fpr, theirs.fpr),
        )

    def _score(self, row: Row, engine: Engine) -> float:
        encoding = self._encoder.encode(row.prompt, row.response)
        return self._rules.worst(map(engine.logits, encoding.windows), encoding.judged)[0]

    def _readable(self, row: Row) -> bool:
        with suppress(EmptyInputError):
            self._encoder.encode(row.prompt, row.response)
            return True
        return False


def for_manifest(reports: dict[str, GateReport]) -> dict[str, Any]:
    """What `parity` holds under `gate`: numbers rounded to six places, by data set."""

    def rounded(report: GateReport) -> Iterator[tuple[str, float | None]]:
        for name, value in asdict(report).items():
            yield name, round(value, 6) if isinstance(value, float) else value

    return {name: dict(rounded(report)) for name, report in reports.items()}


def _difference(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else ours - theirs
