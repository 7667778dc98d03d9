"""FLOPs, parameters, memory and latency of student shapes beside Llama Guard 3.

python -m guardlet_benchmarks.cost [--measure mini,xsmall,small] [--json OUT.json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from guardlet.files import write_text
from guardlet_benchmarks.cost.count import LLAMAS, count_llama, count_student
from guardlet_benchmarks.cost.measure import measure_student
from guardlet_benchmarks.cost.table import cost_table
from guardlet_benchmarks.machine import environment
from guardlet_benchmarks.models import SHAPES

_STUDENTS = ("mini", "xsmall", "small", "base", "large")


def main(arguments: Sequence[str] | None = None) -> None:
    """Raises EngineError when a shape cannot be measured."""
    options = _options(arguments)
    figures: dict[str, Any] = {"environment": {**environment(), "threads": 1, "batch": 1}}
    figures["lengths"] = list(options.lengths)
    figures["guards"] = {
        **{name: {"counted": _count(name, options.lengths)} for name in options.shapes},
        **{
            name: {"counted": asdict(count_llama(config, options.lengths))}
            for name, config in LLAMAS.items()
        },
    }
    for name in options.measure:
        measured = measure_student(name, options.lengths, options.rounds)
        figures["guards"][name]["measured"] = {
            kind: asdict(found) for kind, found in measured.items()
        }
        if options.json:  # after each: a long run that is stopped leaves what it has
            write_text(options.json, json.dumps(figures, indent=1) + "\n")
    figures = json.loads(json.dumps(figures))  # as the table reads them from the file
    if options.json:
        write_text(options.json, json.dumps(figures, indent=1) + "\n")
    print(cost_table(figures))


def _count(name: str, lengths: tuple[int, ...]) -> dict[str, Any]:
    return asdict(count_student(SHAPES[name], lengths))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shapes", type=_shapes, default=",".join(_STUDENTS), help="to count")
    parser.add_argument(
        "--measure", type=_shapes, default="mini,xsmall,small", help="to run too, of --shapes"
    )
    parser.add_argument("--lengths", type=_lengths, default="128,256,512", metavar="TOKENS")
    parser.add_argument("--rounds", type=int, default=15, help="timed texts of each length")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")
    options = parser.parse_args(arguments)
    if missing := sorted(set(options.measure) - set(options.shapes)):
        parser.error(f"--shapes lacks {', '.join(missing)}")
    return options


def _shapes(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, text.split(",")))
    if unknown := sorted(set(names) - SHAPES.keys()):
        raise argparse.ArgumentTypeError(f"no shape {', '.join(unknown)}")
    return names


def _lengths(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))


if __name__ == "__main__":
    main()
