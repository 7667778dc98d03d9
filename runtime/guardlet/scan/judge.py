"""The score of a row: that of its worst turn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guardlet.bundle import DEFAULT_OPERATING_POINT, MANIFEST_FILE, Bundle
from guardlet.encoder import Judged
from guardlet.engines import choose_artifact
from guardlet.errors import BundleError, EmptyInputError, OperatingPointError
from guardlet.guard import Guard
from guardlet.scan.formats import Turn
from guardlet.scoring import Level
from guardlet.verdict import Verdict


@dataclass(frozen=True)
class RowScore:
    """What the guard says of a row: the verdict of the turn with the highest score, the first of
    equals. `truncated` is true when any turn was too long to be looked at whole."""

    score: float
    level: Level
    harmful: bool
    judged: Judged
    turn: str
    truncated: bool


def judge_turns(guard: Guard, turns: Sequence[Turn]) -> RowScore | None:
    """None when no turn holds anything that the tokenizer can read. Raises EngineError."""
    verdicts = [(turn.name, found) for turn in turns if (found := _verdict(guard, turn))]
    if not verdicts:
        return None
    name, worst = max(verdicts, key=lambda pair: pair[1].score)
    truncated = any(verdict.truncated for _, verdict in verdicts)
    return RowScore(worst.score, worst.level, worst.harmful, worst.judged, name, truncated)


def _verdict(guard: Guard, turn: Turn) -> Verdict | None:
    try:
        return guard.check(turn.prompt, turn.response)
    except EmptyInputError:
        return None


@dataclass(frozen=True)
class GuardSource:
    """Where worker processes load the guard from, and what they must find there."""

    folder: Path
    manifest_sha256: str
    label: str
    artifact: str
    operating_point: str
    threshold: float

    @classmethod
    def of(
        cls, folder: Path | None = None, operating_point: str = DEFAULT_OPERATING_POINT
    ) -> GuardSource:
        """Of a bundle, by default the embedded one. Raises a BundleError, EngineError or
        OperatingPointError."""
        bundle = Bundle.open(folder)
        points = bundle.manifest.score.operating_points
        if operating_point not in points:
            names = ", ".join(points)
            raise OperatingPointError(f"no operating point {operating_point!r}; there are {names}")
        return cls(
            bundle.folder,
            _digest(bundle),
            bundle.manifest.label,
            choose_artifact(bundle, None).id,
            operating_point,
            points[operating_point].threshold,
        )

    @contextmanager
    def open(self) -> Iterator[Callable[[Sequence[Sequence[Turn]]], list[RowScore | None]]]:
        """A worker: the turns of rows to their scores. Raises as `load` does."""
        guard = self.load()
        yield lambda rows: [judge_turns(guard, turns) for turns in rows]

    def load(self) -> Guard:
        """The guard, with one thread. Raises a BundleError when the bundle is another by now."""
        bundle = Bundle.open(self.folder)
        if _digest(bundle) != self.manifest_sha256:
            raise BundleError(f"{self.folder} holds another bundle than when the scan began")
        return Guard.load(bundle, self.artifact, 1, self.operating_point)


def _digest(bundle: Bundle) -> str:
    return hashlib.sha256((bundle.folder / MANIFEST_FILE).read_bytes()).hexdigest()
