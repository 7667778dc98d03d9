"""Recorded costs as Markdown, quoted between the `cost` markers of docs/cost.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet_benchmarks.cost.measure import ONNX, PYTORCH
from guardlet_benchmarks.cost.paper import PAPER
from guardlet_benchmarks.device.markdown import lines
from guardlet_benchmarks.device.tables import Table

COST = "cost"
RECORDED_COST = Path("benchmarks/results/cost.json")
_HEAD = (
    "guard",
    "parameters (backbone + embedding)",
    "weights",
    "FLOPs a token",
    "the paper's",
    "us a token, PyTorch fp32",
    "guardlet int8",
    "int8 file",
    "peak memory, fp32",
    "int8",
    "the paper's",
)


def load_cost(path: Path) -> dict[str, Any]:
    """Recorded figures. Raises DataError when they cannot be read."""
    try:
        figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return figures
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {type(error).__name__}") from None


def cost_table(figures: Mapping[str, Any]) -> str:
    """One row a guard, at the longest length, and what it was measured on."""
    length = str(max(figures["lengths"]))
    rows = tuple(_row(name, guard, length) for name, guard in figures["guards"].items())
    about = figures["environment"]
    packages = about["packages"]
    engines = ", ".join(f"{name} {packages[name]}" for name in ("torch", "onnxruntime"))
    busy = "; other processes were running" if about["other_processes_running"] else ""
    facts = (
        f"At {length} tokens. {about['processor']}, one thread, {engines}, {about['date']}{busy}."
    )
    return f"{lines(Table(_HEAD, rows))}\n\n{facts}\n"


def _row(name: str, guard: Mapping[str, Any], length: str) -> tuple[str, ...]:
    counted, paper = guard["counted"], PAPER.get(name)
    measured = guard.get("measured", {})
    backbone = counted["parameters"] - counted["embedding"]
    halves = f"{_short(backbone)} + {_short(counted['embedding'])}"
    least = counted["cache_bytes"].get(length)
    return (
        name,
        f"{_short(counted['parameters'])} ({halves})",
        _bytes(counted["weights_bytes"]),
        _short(counted["flops_per_token"][length]),
        _short(paper.flops) if paper else "-",
        *(_microseconds(measured.get(kind), length) for kind in (PYTORCH, ONNX)),
        _bytes(measured[ONNX]["file_bytes"]) if ONNX in measured else "-",
        _peak(measured.get(PYTORCH))
        if least is None
        else f">= {_bytes(counted['weights_bytes'] + least)}",
        _peak(measured.get(ONNX)),
        _bytes(paper.peak_bytes) if paper else "-",
    )


def _microseconds(measured: Mapping[str, Any] | None, length: str) -> str:
    return f"{1000 * measured['ms'][length] / int(length):.0f}" if measured else "-"


def _peak(measured: Mapping[str, Any] | None) -> str:
    return _bytes(measured["peak_bytes"]) if measured and measured["peak_bytes"] else "-"


def _short(number: float) -> str:
    return f"{number / 1e9:.2f} G" if number >= 1e9 else f"{number / 1e6:.1f} M"


def _bytes(number: float) -> str:
    return f"{number / 1e9:.2f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
