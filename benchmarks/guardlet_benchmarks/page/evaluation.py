"""The page's part on an evaluation: figures, precision-recall curves and calibration."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from guardlet_benchmarks.device.tables import Table
from guardlet_benchmarks.page.checked import require_form
from guardlet_benchmarks.page.parts import Part, Section, Tile
from guardlet_benchmarks.page.plot import Canvas, Plot, Series, unit_axis
from guardlet_training.card import load_report

_SIZE = 180.0
_MARGINS = (20.0, 8.0, 32.0, 26.0)
_LARGEST_DOT = 6.0
_CURVE, _CHOSEN, _BINS = Series("curve", 0), Series("operating point", 1), Series("bins", 0)
_FIGURES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "fpr": "FPR",
    "auprc": "AUPRC",
    "auroc": "AUROC",
    "ece": "ECE",
    "ece_uncalibrated": "ECE without temperature",
}
_TILES = {"f1": "mean F1", "auprc": "mean AUPRC", "recall": "mean recall", "fpr": "mean FPR"}
_AT = "Precision, recall, F1 and FPR are at the operating point."
_MOST_OPEN = 20
_OF_PART = "Figures of the rows of each category alone, at the operating point."
_PLAIN = " No curves: they are there after `guardlet evaluate` with --curves."
_ONE_CLASS = " Sets of one class are left out."
_PRECISION_RECALL = (
    "Precision against recall as the threshold falls, in steps; the square is the operating point."
)
_CALIBRATION = (
    "Share of harmful rows against mean score, in bins of equal width; a larger mark is of more "
    "rows. On the dashed line a score is the probability that it says. ECE, the expected "
    "calibration error, is the mean distance from that line over all rows (arXiv 1706.04599)."
)

Set = Mapping[str, Any]


def load_evaluation(path: Path) -> Mapping[str, Any]:
    """A file of `guardlet evaluate --json`, checked. Raises DataError."""
    evaluation = load_report(path)
    _check(evaluation)
    return evaluation


def evaluation_part(evaluation: Mapping[str, Any]) -> Part:
    """Raises DataError when it is not of the form `guardlet evaluate` writes."""
    _check(evaluation)
    sets: Mapping[str, Set] = evaluation["datasets"]
    mean: Mapping[str, float] = evaluation["mean"]
    rows = sum(item["rows"] for item in sets.values())
    curved = any(item.get("curve") or item.get("reliability") for item in sets.values())
    tiles = (Tile(f"{mean[n]:.3f}", what) for n, what in _TILES.items() if n in mean)
    return Part(
        bundle=evaluation["bundle"],
        heading="On labelled sets",
        facts=(
            f"{evaluation['engine']}, operating point {evaluation['operating_point']}",
            f"{len(sets)} sets, {rows} labelled rows; a mean counts every set alike",
        ),
        warnings=(),
        tiles=tuple(tiles),
        sections=(
            Section(
                "Figures by set",
                _AT if curved else _AT + _PLAIN,
                table=_table(sets, mean),
            ),
            *_plots(sets),
            *_categories(sets),
        ),
    )


def _check(evaluation: Any) -> None:
    require_form(evaluation, "evaluation", "this is no evaluation of `guardlet evaluate`")


def _table(sets: Mapping[str, Set], mean: Mapping[str, float]) -> Table:
    table, names = _figures("set", sets)
    return Table(table.head, (*table.rows, ("mean", "", "", *_cells(mean, names))))


def _figures(what: str, sets: Mapping[str, Set]) -> tuple[Table, list[str]]:
    """One row a set, and the names of its figures; columns that no set has are left out."""
    names = [n for n in _FIGURES if any(item.get(n) is not None for item in sets.values())]
    rows = (
        (name, str(item["rows"]), str(item["harmful"]), *_cells(item, names))
        for name, item in sets.items()
    )
    return Table((what, "rows", "harmful", *(_FIGURES[n] for n in names)), tuple(rows)), names


def _categories(sets: Mapping[str, Set]) -> Iterator[Section]:
    """A table a set and dimension, folded when it is long."""
    for name, item in sets.items():
        for dimension, found in item.get("categories", {}).items():
            if found:
                table, _ = _figures(dimension, found)
                folded = len(found) > _MOST_OPEN
                yield Section(f"{name} by {dimension}", _OF_PART, table=table, folded=folded)


def _cells(figures: Mapping[str, Any], names: list[str]) -> Iterator[str]:
    for name in names:
        value = figures.get(name)
        yield "-" if value is None else f"{value:.3f}"


def _plots(sets: Mapping[str, Set]) -> Iterator[Section]:
    curves = tuple(_precision_recall(n, item) for n, item in sets.items() if item.get("curve"))
    if curves:
        text = _PRECISION_RECALL + ("" if len(curves) == len(sets) else _ONE_CLASS)
        yield Section("Precision and recall", text, curves, small=True)
    binned = {n: item for n, item in sets.items() if item.get("reliability")}
    mixed = {n: item for n, item in binned.items() if 0 < item["harmful"] < item["rows"]}
    if mixed:
        text = _CALIBRATION + ("" if len(mixed) == len(sets) else _ONE_CLASS)
        plots = tuple(_reliability(name, item) for name, item in mixed.items())
        yield Section("Calibration", text, plots, small=True)


def _precision_recall(name: str, item: Set) -> Plot:
    canvas = Canvas(unit_axis("recall"), unit_axis("precision"), _SIZE, _SIZE, _MARGINS)
    points = [(p["recall"], p["precision"]) for p in reversed(item["curve"])]
    points.insert(0, (0.0, points[0][1]))
    paths = [canvas.steps(points, f"curve {_CURVE.classes}")]
    said = f"AUPRC {item['auprc']:.3f}" if item.get("auprc") is not None else ""
    told = f"Precision-recall curve of {name}. {said}"
    if item.get("precision") is not None and item.get("recall") is not None:
        at = (item["recall"], item["precision"])
        paths.append(canvas.dot(at, _CHOSEN))
        told += f"; the operating point has precision {at[1]:.3f} and recall {at[0]:.3f}"
    return Plot(name, told, _SIZE, _SIZE, canvas.frame(), tuple(paths), (), said)


def _reliability(name: str, item: Set) -> Plot:
    canvas = Canvas(unit_axis("mean score"), unit_axis("share harmful"), _SIZE, _SIZE, _MARGINS)
    bins = item["reliability"]
    points = [(b["mean_score"], b["harmful"]) for b in bins]
    most = max(b["count"] for b in bins)
    radii = (max(_LARGEST_DOT * math.sqrt(b["count"] / most), 2) for b in bins)
    paths = [
        canvas.line([(0, 0), (1, 1)], "diagonal"),
        canvas.line(points, f"line {_BINS.classes}"),
        *(canvas.dot(p, _BINS, radius=r) for p, r in zip(points, radii, strict=True)),
    ]
    said = f"ECE {item['ece']:.3f}" if item.get("ece") is not None else ""
    told = f"Reliability diagram of {name}. {said}"
    return Plot(name, told, _SIZE, _SIZE, canvas.frame(), tuple(paths), (), said)
