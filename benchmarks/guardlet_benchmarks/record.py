"""Records the host's device reports of the embedded guard and of DeBERTa-v3's smaller shapes.

python -m guardlet_benchmarks.record [--only guardlet-mini,xsmall,small] [--model FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from guardlet_benchmarks.device.host import measure
from guardlet_benchmarks.device.outputs import Outputs
from guardlet_benchmarks.device.report import DeviceReport
from guardlet_benchmarks.device.request import ROUNDS, SUSTAINED_SECONDS, DeviceRequest
from guardlet_benchmarks.models import SHAPES

EMBEDDED = "guardlet-mini"
_DEFAULT = f"{EMBEDDED},xsmall,small"
_PRECISIONS = ("int8", "fp32")  # executorch-int8 takes many minutes to write
_FOLDER = Path("benchmarks/results/devices")


def record(name: str, request: DeviceRequest, precisions: tuple[str, ...]) -> DeviceReport:
    """The report of the embedded guard, or of a shape beside its peers, with the rest of
    `request`. Raises as `measure` and `export_bundle`."""
    if name == EMBEDDED:
        return measure(request, _ignored)
    from guardlet_benchmarks.shape_bundle import write_shape

    with tempfile.TemporaryDirectory() as folder:
        model, bundle = write_shape(name, Path(folder), precisions)
        return measure(replace(request, bundle=bundle, peers=model), _ignored)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    for name in options.only:
        request = DeviceRequest(
            lengths=options.lengths,
            threads=options.threads,
            rounds=options.rounds,
            sustained_seconds=options.seconds,
            peers=options.model if name == EMBEDDED else None,
        )
        outputs = Outputs(options.out / f"{name}.json", None, None)
        outputs.prepare()
        outputs.write(record(name, request, options.precisions), None)
        print(f"wrote {outputs.json}", flush=True)


def _ignored(_: DeviceReport) -> None:
    """A recorded report is whole or not there."""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = ", ".join(SHAPES)
    parser.add_argument("--only", type=_names, default=_DEFAULT, help=f"{EMBEDDED}, {names}")
    parser.add_argument(
        "--model", type=Path, metavar="FOLDER", help=f"weights of {EMBEDDED}, for its peers"
    )
    parser.add_argument("--precisions", type=_words, default=_PRECISIONS, help="of the shapes")
    parser.add_argument("--lengths", type=_numbers, default=DeviceRequest.lengths)
    parser.add_argument("--threads", type=_numbers, default=(1,))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SUSTAINED_SECONDS)
    parser.add_argument("--out", type=Path, default=_FOLDER, metavar="FOLDER")
    return parser.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    names = _words(text)
    if unknown := sorted(set(names) - SHAPES.keys() - {EMBEDDED}):
        raise argparse.ArgumentTypeError(f"no shape {', '.join(unknown)}")
    return names


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))


if __name__ == "__main__":
    main()
