"""Bars are as long as what they show."""

from __future__ import annotations

import re

from guardlet_benchmarks.page.bars import Bar, bars, grouped_bars
from guardlet_benchmarks.page.plot import Path, Series

PLAIN, OTHER, MARK = Series("a", 1, peer=True), Series("b", 0), Series("as written", 2)


def lengths(paths: tuple[Path, ...]) -> list[str]:
    """Of the bars among the paths."""
    return [path.d.split("h")[1].split("v")[0] for path in paths if path.classes.startswith("bar")]


def test_bars_are_as_long_as_their_values() -> None:
    rows = [(Series("a", 0), 10.0), (Series("b", 9, peer=True), 20.0)]
    plot = bars("t", rows, lambda value: f"{value:g} MB", 276)
    assert lengths(plot.paths) == ["100.0", "200.0"]
    assert [path.classes for path in plot.paths] == ["bar s0", "bar s1 peer"]
    assert plot.description == "a: 10 MB; b: 20 MB"


def test_groups_have_bars_intervals_and_a_mark() -> None:
    first = [Bar(PLAIN, 0.25, 0.2, 0.4), Bar(OTHER, 1.0, 0.9, 1.0)]
    plot = grouped_bars("t", {"x": (first, 0.5), "y": ([], None)}, MARK, 246)
    assert lengths(plot.paths) == ["50.0", "200.0"]
    intervals = [path.d for path in plot.paths if path.classes == "interval"]
    ends = [tuple(map(float, re.findall(r"M([\d.]+),[\d.]+v", d))) for d in intervals]
    assert ends == [(41, 81), (181, 201)]
    (mark,) = (path for path in plot.paths if path.classes.startswith("mark"))
    assert mark.transform.startswith("translate(101,")
    assert "x: a 25% (20% to 40%), b 100% (90% to 100%), as written 50%" in plot.description
    assert plot.description.endswith("y: no rows")
    assert [label.text for label in plot.labels] == ["x", "25%", "100%", "y"]


def test_a_legend_shows_a_bar_as_a_bar() -> None:
    (swatch,) = Series("a", 3, peer=True, solid=True).swatch
    assert swatch.classes == "bar s3 peer"
