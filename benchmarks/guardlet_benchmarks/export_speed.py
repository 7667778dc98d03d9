"""Our ONNX and ExecuTorch exports beside optimum's: speed, size and error on the same weights.

python -m guardlet_benchmarks.export_speed --shapes mini,xsmall --json OUT.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from guardlet.files import replacing
from guardlet_benchmarks.compare import compare
from guardlet_benchmarks.machine import environment
from guardlet_benchmarks.models import SHAPES, random_model
from guardlet_benchmarks.report import markdown
from guardlet_benchmarks.routes import ONNX_ROUTES, ROUTES
from guardlet_benchmarks.timing import torch_threads
from guardlet_export.executorch_export import missing_packages
from guardlet_export.reference import TorchEngine


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    with torch_threads(1):
        _run(options)


def _run(options: argparse.Namespace) -> None:
    figures: dict[str, Any] = {"environment": {**environment(), "threads": 1, "batch": 1}}
    figures["models"] = []
    routes = ROUTES if options.executorch else ONNX_ROUTES
    for name, engine in _models(options):
        compared = compare(name, engine, routes, options.lengths, options.rounds, options.windows)
        figures["models"].append(compared)
        print(markdown(compared), end="\n\n", flush=True)
        if options.json:  # after each model: a long run that is stopped leaves what it has
            _write(figures, options.json)


def _write(figures: dict[str, Any], target: Path) -> None:
    with replacing(target) as file:
        file.write(json.dumps(figures, indent=1) + "\n")


def _models(options: argparse.Namespace) -> Iterator[tuple[str, TorchEngine]]:
    if options.model:
        yield options.model.name, TorchEngine.from_folder(options.model)
        return
    for name in options.shapes:
        yield name, TorchEngine(random_model(SHAPES[name]))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--shapes",
        type=_shapes,
        default="mini,xsmall,small",
        metavar="NAMES",
        help=f"random weights of these shapes: {', '.join(SHAPES)}",
    )
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="a trained DeBERTa instead")
    parser.add_argument("--lengths", type=_lengths, default="32,64,128,256,512", metavar="TOKENS")
    parser.add_argument("--rounds", type=int, default=25, help="timed calls of each, at most")
    parser.add_argument("--windows", type=int, default=16, help="texts scored at each length")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")
    parser.add_argument(
        "--executorch",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="an ExecuTorch program too; writing it takes minutes, many for deep models",
    )
    options = parser.parse_args(arguments)
    if options.executorch and (missing := missing_packages()):
        parser.error(f"{' and '.join(missing)} not installed; leave out with --no-executorch")
    return options


def _shapes(text: str) -> list[str]:
    names = text.split(",")
    if unknown := sorted(set(names) - SHAPES.keys()):
        raise argparse.ArgumentTypeError(f"no shape {', '.join(unknown)}")
    return names


def _lengths(text: str) -> list[int]:
    lengths = [int(number) for number in text.split(",")]
    if min(lengths) < 4:
        raise argparse.ArgumentTypeError("a pair of texts takes at least 4 tokens")
    return lengths


if __name__ == "__main__":
    main()
