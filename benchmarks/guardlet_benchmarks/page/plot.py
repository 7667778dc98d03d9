"""Plots as shapes in pixels; the template draws them as SVG and the style sheet colours them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

STYLES = 8
_DOT = 3.6
_SHAPES = (
    "M-1,0a1,1 0 1,0 2,0a1,1 0 1,0 -2,0Z",
    "M-.9,-.9H.9V.9H-.9Z",
    "M0,-1.15L1.1,.85H-1.1Z",
    "M0,-1.25L1.25,0L0,1.25L-1.25,0Z",
    "M0,1.15L1.1,-.85H-1.1Z",
    "M-.4,-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z",
    "M0,-1.2L1.15,-.35L.7,1H-.7L-1.15,-.35Z",
    "M-1.2,-.6H1.2V.6H-1.2Z",
)

Point = tuple[float, float]


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Path:
    """`d` and `transform` as SVG has them; `classes` are the style sheet's."""

    d: str
    classes: str
    transform: str = ""


@dataclass(frozen=True)
class Series:
    """Told apart by colour and shape of its marks (`style`), and as a peer by dashes and hollow
    marks. A `solid` one is drawn as bars."""

    name: str
    style: int
    peer: bool = False
    solid: bool = False

    @property
    def classes(self) -> str:
        return f"s{self.style % STYLES}{' peer' if self.peer else ''}"

    @property
    def swatch(self) -> tuple[Path, ...]:
        """A bar, or a piece of its line and its mark, 28 by 14 pixels, for a legend."""
        if self.solid:
            return (Path("M1,2h26v10h-26Z", f"bar {self.classes}"),)
        return Path("M1,7H27", f"line {self.classes}"), mark(14, 7, self, _DOT)


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    text: str
    classes: str


@dataclass(frozen=True)
class Frame:
    """The rectangle that data is drawn in, in pixels of the view box, and its axes."""

    left: float
    top: float
    right: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_label: str
    y_label: str


@dataclass(frozen=True)
class Plot:
    """`caption` stands below; `description` says what is seen to who cannot see it."""

    title: str
    description: str
    width: float
    height: float
    frame: Frame | None = None
    paths: tuple[Path, ...] = ()
    labels: tuple[Label, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Axis:
    """From values to pixels between `low` and `high`, which differ."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def place(self, value: float, start: float, end: float) -> float:
        low, high, at = (self._linear(v) for v in (self.low, self.high, value))
        return round(start + (end - start) * (at - low) / (high - low), 1)

    def _linear(self, value: float) -> float:
        return math.log(max(value, self.low)) if self.log else value


def unit_axis(label: str) -> Axis:
    """From 0 to 1."""
    return Axis(label, 0.0, 1.0, (0.0, 0.5, 1.0))


def log_axis(label: str, values: Iterable[float], ticks: Sequence[float] | None = None) -> Axis:
    """Holds all positive values with some room. Without `ticks`, they are 1, 2 and 5 times powers
    of ten, or only powers of ten over more than three of them."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive) / 1.25, max(positive) * 1.25
    if ticks is None:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1, 2, 5) if high / low <= 1000 else (1,)
        ticks = [step * 10.0**decade for decade in decades for step in steps]
    return Axis(label, low, high, tuple(t for t in ticks if low <= t <= high), log=True)


@dataclass(frozen=True)
class Canvas:
    """Where two axes meet, `width` by `height` pixels."""

    x: Axis
    y: Axis
    width: float
    height: float
    margins: tuple[float, float, float, float] = field(default=(22, 12, 34, 38))

    def at(self, point: Point) -> Point:
        top, right, bottom, left = self.margins
        x = self.x.place(point[0], left, self.width - right)
        return x, self.y.place(point[1], self.height - bottom, top)

    def frame(self) -> Frame:
        top, right, bottom, left = self.margins
        return Frame(
            left=left,
            top=top,
            right=self.width - right,
            bottom=self.height - bottom,
            x_ticks=tuple(Tick(self.at((t, self.y.low))[0], f"{t:g}") for t in self.x.ticks),
            y_ticks=tuple(Tick(self.at((self.x.low, t))[1], f"{t:g}") for t in self.y.ticks),
            x_label=self.x.label,
            y_label=self.y.label,
        )

    def line(self, points: Iterable[Point], classes: str, dodge: float = 0) -> Path:
        """Straight from point to point, `dodge` pixels to the right."""
        places = [self.at(point) for point in points]
        return Path("M" + "L".join(f"{x + dodge:g},{y:g}" for x, y in places), classes)

    def steps(self, points: Sequence[Point], classes: str) -> Path:
        """Up or down to the height of the next point, then across to it: the area below steps of
        precision against rising recall is average precision."""
        pairs = (((a[0], b[1]), b) for a, b in pairwise(points))
        return self.line([*points[:1], *(p for pair in pairs for p in pair)], classes)

    def dot(self, point: Point, series: Series, dodge: float = 0, radius: float = _DOT) -> Path:
        x, y = self.at(point)
        return mark(x + dodge, y, series, radius)


def mark(x: float, y: float, series: Series, radius: float) -> Path:
    """The shape of a series around a pixel."""
    place = f"translate({x:g},{y:g}) scale({radius:g})"
    return Path(_SHAPES[series.style % STYLES], f"mark {series.classes}", place)
