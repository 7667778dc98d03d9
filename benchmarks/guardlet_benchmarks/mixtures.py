"""Harmful rows hidden among harmless ones: would screening find them, and raise the alarm?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardlet.errors import DataError
from guardlet.scan.rates import Rates
from guardlet.scan.share import Share, corrected
from guardlet_benchmarks.device.markdown import lines
from guardlet_benchmarks.device.tables import Table
from guardlet_benchmarks.records import load_record

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]
SCREENING_BLOCK = "screening"


@dataclass(frozen=True)
class Mixture:
    """Means over `seeds` data sets of `rows` rows, of which the `share`, `hidden` rows, is harmful,
    at an operating point.

    `recall_at_k` is the share of the hidden rows among the `hidden` highest scores,
    `flagged_recall` among the flagged rows, which are the share `flagged` of all. `estimate` is the
    corrected share of harmful rows. `alarms` is the share of the data sets that raise the alarm,
    `false_alarms` that of data sets as large without a harmful row. `redrawn`: harmless rows had to
    be drawn again, so that both alarm rates are too high.
    """

    operating_point: str
    share: float
    rows: int
    hidden: int
    seeds: int
    recall_at_k: float
    flagged_recall: float
    flagged: float
    estimate: float
    alarms: float
    false_alarms: float
    redrawn: bool


@dataclass(frozen=True)
class _Drawn:
    recall_at_k: float
    flagged_recall: float
    flagged: float
    estimate: float
    alarms: bool
    false_alarms: bool


def measure(
    benign: Scores,
    harmful: Scores,
    operating_point: str,
    threshold: float,
    hidden: int,
    share: float,
    seeds: int,
) -> Mixture:
    """Hides `hidden` harmful rows so that they are `share` of each data set.

    Each seed shuffles anew: a quarter of the harmless rows and the harmful ones that are not hidden
    only measure the guard's rates, the others make up the data sets. Raises DataError when there
    are not enough rows for that.
    """
    if len(harmful) < 2 * hidden or len(benign) < 4:
        raise DataError(
            f"{len(harmful)} harmful and {len(benign)} harmless rows are too few to hide {hidden}; "
            f"give at least {2 * hidden} harmful ones"
        )
    rows = round(hidden / share)
    drawn = [
        asdict(_draw(np.random.default_rng(seed), benign, harmful, threshold, hidden, rows))
        for seed in range(seeds)
    ]
    means: Mapping[str, float] = {
        name: float(np.mean([one[name] for one in drawn])) for name in _Drawn.__dataclass_fields__
    }
    return Mixture(
        operating_point=operating_point,
        share=share,
        rows=rows,
        hidden=hidden,
        seeds=seeds,
        redrawn=rows > len(benign) - len(benign) // 4,
        **means,
    )


def _draw(
    random: np.random.Generator,
    benign: Scores,
    harmful: Scores,
    threshold: float,
    hidden: int,
    rows: int,
) -> _Drawn:
    benign, harmful = random.permutation(benign), random.permutation(harmful)
    quarter = len(benign) // 4
    apart, pool = benign[:quarter], benign[quarter:]
    needles, others = harmful[:hidden], harmful[hidden:]
    clean = random.choice(pool, rows, replace=rows > len(pool))
    hay = clean[hidden:]
    found, noise = int((needles >= threshold).sum()), int((hay >= threshold).sum())
    rates = (others >= threshold), (apart >= threshold)
    true = _share(found + noise, rows, *rates)
    return _Drawn(
        recall_at_k=_recall_at(needles, hay),
        flagged_recall=found / hidden,
        flagged=(found + noise) / rows,
        estimate=true.estimate,
        alarms=true.lower > 0,
        false_alarms=_share(int((clean >= threshold).sum()), rows, *rates).lower > 0,
    )


def _share(hits: int, rows: int, harmful: Flags, benign: Flags) -> Share:
    """The corrected share; nothing from 0 to 1 is ruled out, so there is no alarm, where a guard
    flags harmless rows as often as harmful ones."""
    recall, fpr = float(harmful.mean()), float(benign.mean())
    if recall <= fpr:
        return Share(hits / rows, 0.0, 1.0)
    return corrected(hits, rows, Rates(recall, fpr, len(harmful), len(benign)))


def _recall_at(needles: Scores, hay: Scores) -> float:
    """Share of the needles among the len(needles) highest scores; equal scores count as hay."""
    scores = np.concatenate([hay, needles])
    top = np.argsort(-scores, kind="stable")[: len(needles)]
    return float((top >= len(hay)).mean())


def load_screening(path: Path) -> dict[str, Any]:
    """A file written by `guardlet_benchmarks.screening`. Raises DataError when it is not one."""
    return load_record(path, "screening", {"bundle", "benign", "harmful", "mixtures"})


def screening_table(recorded: Mapping[str, Any]) -> str:
    """A Markdown table, one row a mixture, and what it was measured on."""
    found = [Mixture(**item) for item in recorded["mixtures"]]
    head = ("harmful", "rows", "at", "recall@k", "flagged of hidden", "flagged", "estimate")
    rows = []
    for one in found:
        figures = (one.recall_at_k, one.flagged_recall, one.flagged, one.estimate)
        cells = [f"{one.share:.1%}", f"{one.rows:,}", one.operating_point]
        cells += [f"{figure:.2%}" for figure in figures]
        rows.append((*cells, f"{one.alarms:.0%}", f"{one.false_alarms:.0%}"))
    table = lines(Table((*head, "alarms", "false alarms"), tuple(rows)))
    benign, harmful = recorded["benign"], recorded["harmful"]
    return (
        f"{table}\n\n{recorded['bundle']}, {recorded['artifact']}: {benign['rows']:,} harmless and "
        f"{harmful['rows']:,} harmful rows, {benign['rows_per_core_second']:.0f} and "
        f"{harmful['rows_per_core_second']:.0f} of them in a second of one core.\n"
    )
