"""The page's part on attacks: what a guard still finds of each, with normalisation and without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardlet.errors import DataError
from guardlet_benchmarks.device.tables import Table
from guardlet_benchmarks.page.bars import Bar, grouped_bars
from guardlet_benchmarks.page.checked import require_form
from guardlet_benchmarks.page.parts import Part, Section, Tile
from guardlet_benchmarks.page.plot import Plot, Series

_WIDTH = 360
_ATTACKED = Series("attacked", 1, peer=True, solid=True)
_NORMALISED = Series("attacked, normalised", 0, solid=True)
_WRITTEN = Series("as written", 2)
_KINDS = {"harmful": "Harmful rows found", "benign": "Benign rows flagged"}
_TEXT = (
    "Share of the rows that are flagged once an attack has rewritten them: of the harmful ones the "
    "detection rate, of the benign ones the false-positive rate. Lines are 95 % Wilson intervals; "
    "the mark is the share of the same rows as they were written."
)

Pair = tuple[Mapping[str, Any], Mapping[str, Any]]


def attacks_part(attacks: Mapping[str, Any]) -> Part:
    """Of two reports of `guardlet attack --json`, `plain` and `normalised`, on the same rows.

    Raises DataError when they are not of that form, or of different attacks.
    """
    require_form(attacks, "attacks", "these are no reports of `guardlet attack`")
    plain, normalised = attacks["plain"], attacks["normalised"]
    if _attacks(plain) != _attacks(normalised):
        raise DataError("the reports of `guardlet attack` are of different attacks")
    pairs = list(zip(plain["outcomes"], normalised["outcomes"], strict=True))
    targets = list(dict.fromkeys(one["target"] for one, _ in pairs))
    names = len({one["transform"] for one, _ in pairs})
    return Part(
        bundle=plain["bundle"],
        heading="Under attack",
        facts=(
            f"{plain['engine']}, operating point {plain['operating_point']}, seed {plain['seed']}",
            f"{names} attacks that see no scores; a mean counts every attack alike",
        ),
        warnings=(),
        tiles=tuple(_tiles(pairs)),
        sections=tuple(_section(t, [p for p in pairs if p[0]["target"] == t]) for t in targets),
    )


def _attacks(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(item["transform"], item["target"]) for item in report["outcomes"]]


def _tiles(pairs: Sequence[Pair]) -> Iterator[Tile]:
    for kind, what in (("harmful", "of harmful rows found"), ("benign", "of benign rows flagged")):
        for index, series in enumerate((_ATTACKED, _NORMALISED)):
            found = [p[index][f"{kind}_after"]["rate"] for p in pairs]
            rates = [rate for rate in found if rate is not None]
            if rates:
                yield Tile(f"{sum(rates) / len(rates):.0%}", f"mean {what}", series.name)


def _section(target: str, pairs: Sequence[Pair]) -> Section:
    return Section(
        heading=f"{target.capitalize()}s by attack",
        text=_TEXT,
        plots=tuple(_plot(f"{title}, {target}s", kind, pairs) for kind, title in _KINDS.items()),
        legend=(_ATTACKED, _NORMALISED, _WRITTEN),
        table=_table(pairs),
        folded=True,
    )


def _plot(title: str, kind: str, pairs: Sequence[Pair]) -> Plot:
    groups = {}
    for plain, normalised in pairs:
        drawn = ((_ATTACKED, plain), (_NORMALISED, normalised))
        bars = [_bar(series, outcome[f"{kind}_after"]) for series, outcome in drawn]
        written = plain[f"{kind}_before"]["rate"]
        groups[plain["transform"]] = [bar for bar in bars if bar], written
    return grouped_bars(title, groups, _WRITTEN, _WIDTH)


def _bar(series: Series, share: Mapping[str, Any]) -> Bar | None:
    if share["rate"] is None:
        return None
    return Bar(series, share["rate"], share["low"], share["high"])


def _table(pairs: Sequence[Pair]) -> Table:
    """Numbers of rows and of those flagged, which the intervals follow from."""
    head = ["attack"]
    for kind in _KINDS:
        head += [f"{kind} rows", "flagged as written", _ATTACKED.name, _NORMALISED.name]
    rows = []
    for plain, normalised in pairs:
        cells = [plain["transform"]]
        for kind in _KINDS:
            after = plain[f"{kind}_after"]
            shares = (plain[f"{kind}_before"], after, normalised[f"{kind}_after"])
            cells += [str(after["rows"]), *(str(share["hits"]) for share in shares)]
        rows.append(tuple(cells))
    return Table(tuple(head), tuple(rows))
