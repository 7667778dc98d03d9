"""What the page's template shows."""

from __future__ import annotations

from dataclasses import dataclass

from guardlet_benchmarks.device.tables import Table
from guardlet_benchmarks.page.plot import Plot, Series


@dataclass(frozen=True)
class Tile:
    """One figure in large type, what it is, and of what."""

    figure: str
    what: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Plots, small ones in more columns, with the series they share; then a table, which is
    opened by the reader when it is `folded`."""

    heading: str
    text: str = ""
    plots: tuple[Plot, ...] = ()
    small: bool = False
    legend: tuple[Series, ...] = ()
    table: Table | None = None
    folded: bool = False


@dataclass(frozen=True)
class Part:
    """All that one report says. `warnings` are what a reader must know before any figure."""

    bundle: str
    heading: str
    facts: tuple[str, ...]
    warnings: tuple[str, ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
