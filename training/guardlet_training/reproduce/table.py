"""The paper's table with what was measured here beside it, as Markdown and as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from guardlet_training.metrics import Metrics
from guardlet_training.reproduce.paper import ANSWERED, PAPER, Figures
from guardlet_training.reproduce.sets import SETS

Runs = Sequence[Mapping[str, Metrics]]
"""Of each training run of an arm, the metrics by set."""


@dataclass(frozen=True)
class Measured:
    """One arm: its figures by set, means over `runs` with their standard deviations (None for a
    single run), and over all four sets, None unless all were measured."""

    title: str
    runs: int
    sets: Mapping[str, Figures]
    deviations: Mapping[str, Figures]
    mean: Figures


def summarise(title: str, runs: Runs) -> Measured:
    """The means of an arm's runs, all on the same sets."""
    names = [name for name in SETS if name in runs[0]]
    values = {name: [Figures(run[name].f1, run[name].auprc) for run in runs] for name in names}
    sets = {name: _each(_mean, found) for name, found in values.items()}
    whole = _each(_mean, sets.values()) if len(sets) == len(SETS) else Figures(None, None)
    deviations = {name: _each(_deviation, found) for name, found in values.items()}
    return Measured(title, len(runs), sets, deviations, whole)


def markdown(arms: Mapping[str, Measured], answered: Mapping[str, float], warning: str = "") -> str:
    """The table: for each arm what was measured, and the paper's row where it has one; then the
    share of the generator's answers that are no refusals, `answered`, by arm."""
    columns = ("model", "figures", *(item.title for item in SETS.values()), "mean")
    lines = [warning, ""] if warning else []
    lines += ["F1 at 0.5 / AUPRC", "", _line(columns), _line(["---"] * len(columns))]
    notes = []
    for name, arm in arms.items():
        figures = [arm.sets.get(key) for key in SETS]
        runs = "here" if arm.runs == 1 else f"here, mean of {arm.runs} seeds"
        lines.append(_line([arm.title, runs, *map(_cell, [*figures, arm.mean])]))
        if paper := PAPER.get(name):
            row = [paper.title, "paper", *(_cell(paper.sets[key]) for key in SETS)]
            lines.append(_line([*row, _cell(paper.mean)]))
            notes += [paper.note] if paper.note else []
    notes += [
        f"{arms[name].title}: {share:.1%} of the answers were no refusals; {ANSWERED[name]:.1%} "
        "in the paper."
        for name, share in answered.items()
    ]
    return "\n".join([*lines, *(f"\n{note}" for note in notes)]) + "\n"


def as_data(arms: Mapping[str, Measured], runs: Mapping[str, Runs]) -> dict[str, Any]:
    """The same as JSON: by arm, what was measured in each run and on the whole, and the paper's."""
    return {
        name: {
            "measured": asdict(arm),
            "runs": [{key: asdict(value) for key, value in run.items()} for run in runs[name]],
            "paper": asdict(PAPER[name]) if name in PAPER else None,
        }
        for name, arm in arms.items()
    }


def _each(combine: Any, found: Iterable[Figures]) -> Figures:
    pairs = [(item.f1, item.auprc) for item in found]
    f1s, auprcs = zip(*pairs, strict=True)
    return Figures(combine(f1s), combine(auprcs))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


def _deviation(values: Sequence[float | None]) -> float | None:
    """Of the sample, as the paper's table 9 shows beside its means."""
    known = [value for value in values if value is not None]
    return stdev(known) if len(known) == len(values) > 1 else None


def _cell(figures: Figures | None) -> str:
    if figures is None:
        return "-"
    return f"{_number(figures.f1)} / {_number(figures.auprc)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
