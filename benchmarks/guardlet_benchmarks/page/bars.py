"""Lying bars as shapes in pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from guardlet_benchmarks.page.plot import Label, Path, Plot, Series, mark

_BAR = 10
_GAP = 3
_NAME = 18


@dataclass(frozen=True)
class Bar:
    """A share and the ends of its interval, from 0 to 1."""

    series: Series
    rate: float
    low: float
    high: float

    @property
    def told(self) -> str:
        return f"{self.series.name} {self.rate:.0%} ({self.low:.0%} to {self.high:.0%})"


def bars(
    title: str, rows: Sequence[tuple[Series, float]], text: Callable[[float], str], width: float
) -> Plot:
    """Bars from 0, each under its series' name and before its value in words."""
    room, step = width - 76, 36
    longest = max((value for _, value in rows), default=0) or 1
    paths, labels = [], []
    for index, (series, value) in enumerate(rows):
        top, length = index * step + 18, max(room * value / longest, 1)
        paths.append(_bar(top, 13, length, series))
        labels.append(Label(1, top - 5, series.name, "start"))
        labels.append(Label(length + 8, top + 11, text(value), "start strong"))
    description = "; ".join(f"{series.name}: {text(value)}" for series, value in rows)
    height = step * len(rows) + 2
    return Plot(title, description, width, height, paths=tuple(paths), labels=tuple(labels))


def grouped_bars(
    title: str,
    groups: Mapping[str, tuple[Sequence[Bar], float | None]],
    reference: Series,
    width: float,
) -> Plot:
    """Under the name of each group its bars, from 0 to 100 %, with their intervals, and a mark of
    `reference` at another share of the same group."""
    room = width - 46
    paths, labels, told, y = [], [], [], 0
    for name, (found, other) in groups.items():
        labels.append(Label(1, y + 12, name, "start"))
        y += _NAME
        middle = y + (len(found) * (_BAR + _GAP) - _GAP) / 2
        for bar in found:
            paths += [_bar(y, _BAR, room * bar.rate, bar.series), _interval(y, bar, room)]
            labels.append(Label(width, y + 9, f"{bar.rate:.0%}", "end strong"))
            y += _BAR + _GAP
        if other is not None:
            paths.append(mark(1 + room * other, middle, reference, 4))
        y += 5
        shares = [bar.told for bar in found]
        shares += [] if other is None else [f"{reference.name} {other:.0%}"]
        told.append(f"{name}: {', '.join(shares) or 'no rows'}")
    return Plot(
        title=title,
        description=f"{title}. {'; '.join(told)}",
        width=width,
        height=y + 2,
        paths=tuple(paths),
        labels=tuple(labels),
        caption=title,
    )


def _bar(top: float, height: float, length: float, series: Series) -> Path:
    return Path(f"M1,{top}h{length:.1f}v{height}h-{length:.1f}Z", f"bar {series.classes}")


def _interval(top: float, bar: Bar, room: float) -> Path:
    low, high = 1 + room * bar.low, 1 + room * bar.high
    middle, end = top + _BAR / 2, _BAR / 2 - 2
    ends = "".join(f"M{x:.1f},{middle - end:g}v{2 * end:g}" for x in (low, high))
    return Path(f"M{low:.1f},{middle:g}H{high:.1f}{ends}", "interval")
