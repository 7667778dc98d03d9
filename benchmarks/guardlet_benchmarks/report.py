"""Compared models as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guardlet_benchmarks.routes import GUARDLET_INT8, ROUTES


def markdown(comparison: Mapping[str, Any]) -> str:
    """Two tables: what was written, and how it ran at each length."""
    return "\n".join([*_files(comparison), "", *_speed(comparison)])


def _files(comparison: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {comparison['model']}: {comparison['parameters'] / 1e6:.1f} million parameters"
    yield ""
    yield from _row("route", "MB", "emitted in")
    yield from _row("---", "---:", "---:")
    for name, route in comparison["routes"].items():
        yield from _row(name, f"{route['bytes'] / 1e6:.1f}", f"{route['emit_seconds']:.1f} s")


def _speed(comparison: Mapping[str, Any]) -> Iterator[str]:
    yield from _row(
        "tokens",
        "route",
        "ms",
        "times optimum's speed",
        f"of {GUARDLET_INT8.name}'s time",
        "share of the machine's rate",
        "mean score error",
        "max",
    )
    yield from _row("---:", "---", *["---:"] * 6)
    for result in comparison["lengths"]:
        for route in ROUTES:
            name = route.name
            if name not in result["ms"]:
                continue
            error = result["score_error"][name]
            rate = result["machine_gops"][route.arithmetic]
            yield from _row(
                str(result["tokens"]),
                name,
                f"{result['ms'][name]:.2f}",
                f"{result['speedup'][name]:.2f}x",
                f"{result['ms'][name] / result['ms'][GUARDLET_INT8.name]:.0%}",
                f"{result['share_of_machine'][name]:.0%} of {rate:.0f} Gop/s",
                f"{error['mean']:.1e}",
                f"{error['max']:.1e}",
            )


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"
