"""How many harmful rows a guard still finds under an attack, and how many benign ones it flags."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from guardlet.errors import AttackError, EmptyInputError
from guardlet.guard import Guard
from guardlet.verify import Tracker
from guardlet_training.attacks.transform import Target, Transform
from guardlet_training.intervals import Share
from guardlet_training.rows import Row, load_rows

TARGETS: tuple[Target, ...] = ("prompt", "response")
Flag = Callable[[str, str | None], bool]
MODES: Mapping[bool, str] = {False: "plain", True: "normalised"}
"""Names of reports without and with normalisation."""


@dataclass(frozen=True)
class Outcome:
    """One transform on the rows whose `target` is judged: shares of the harmful and of the benign
    ones that are flagged, before and after."""

    transform: str
    target: Target
    harmful_before: Share
    harmful_after: Share
    benign_before: Share
    benign_after: Share


def sample_rows(paths: Sequence[Path], rows: int | None, seed: int) -> list[Row]:
    """Labelled rows of all files; of each class, with and without response, at most `rows`, drawn
    at random. Raises DataError, or AttackError when no row is labelled."""
    labelled = [
        row
        for path in paths
        for row in load_rows(str(path))
        if row.label is not None or row.soft_label is not None
    ]
    if not labelled:
        raise AttackError("none of the rows has a label; give rows with label or soft_label")
    random.Random(seed).shuffle(labelled)
    groups: dict[tuple[Target, int], list[Row]] = {}
    for row in labelled:
        groups.setdefault((target_of(row), row.target), []).append(row)
    return [row for group in groups.values() for row in group[:rows]]


def target_of(row: Row) -> Target:
    """What the guard judges of this row."""
    return "response" if row.response else "prompt"


def measure(
    guard: Guard, rows: Sequence[Row], transforms: Iterable[Transform], seed: int, track: Tracker
) -> list[Outcome]:
    """One outcome a transform and kind of row that it makes sense for. Raises EngineError."""
    flag = flagger(guard)
    by_target = {t: [row for row in rows if target_of(row) == t] for t in TARGETS}
    before: dict[Target, list[bool]] = {}
    outcomes = []
    for transform in transforms:
        for target in transform.targets:
            if not (chosen := by_target[target]):
                continue
            if target not in before:
                plain = track(chosen, f"{target}s as they are", len(chosen))
                before[target] = [flag(row.prompt, row.response) for row in plain]
            tracked = track(chosen, f"{transform.name}, {target}s", len(chosen))
            after = [flag(*attacked(row, transform, seed)) for row in tracked]
            shares = _shares(chosen, before[target], after)
            outcomes.append(Outcome(transform.name, target, *shares))
    return outcomes


def flagger(guard: Guard) -> Flag:
    """Whether a text is flagged; one that holds nothing to read is not."""

    def flag(prompt: str, response: str | None) -> bool:
        try:
            return guard.check(prompt, response).harmful
        except EmptyInputError:
            return False

    return flag


def attacked(row: Row, transform: Transform, seed: int) -> tuple[str, str | None]:
    """Prompt and response with the judged text rewritten."""
    if row.response:
        return row.prompt, transform.apply(row.response, seed, row.id)
    return transform.apply(row.prompt, seed, row.id), row.response


def measure_modes(
    load: Callable[[bool], Guard],
    modes: Iterable[bool],
    rows: Sequence[Row],
    transforms: Sequence[Transform],
    seed: int,
    track: Tracker,
) -> dict[str, dict[str, Any]]:
    """The report of each mode by its name in MODES; `load` is told whether to normalise."""
    reports = {}
    for normalise in modes:
        guard = load(normalise)
        outcomes = measure(guard, rows, transforms, seed, track)
        reports[MODES[normalise]] = report(guard, outcomes, seed, normalise)
    return reports


def report(
    guard: Guard, outcomes: Sequence[Outcome], seed: int, normalised: bool
) -> dict[str, Any]:
    """What `guardlet attack --json` writes; specified in docs/robustness.md."""
    return {
        "bundle": guard.bundle_label,
        "engine": guard.engine_label,
        "operating_point": guard.operating_point,
        "normalised": normalised,
        "seed": seed,
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }


def _shares(
    rows: Sequence[Row], before: Sequence[bool], after: Sequence[bool]
) -> tuple[Share, Share, Share, Share]:
    def share(flags: Sequence[bool], label: int) -> Share:
        found = [flag for row, flag in zip(rows, flags, strict=True) if row.target == label]
        return Share.of(sum(found), len(found))

    return share(before, 1), share(after, 1), share(before, 0), share(after, 0)
