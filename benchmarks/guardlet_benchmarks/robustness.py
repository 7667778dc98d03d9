"""How a guard holds up under every attack, with normalisation and without.

python -m guardlet_benchmarks.robustness --data DEV... --json OUT.json --readme README.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from guardlet.cli.console import track
from guardlet.errors import DataError
from guardlet.guard import Guard
from guardlet_export.files import replacing
from guardlet_training.attacks import TRANSFORMS
from guardlet_training.attacks.measure import measure, report, sample_rows
from guardlet_training.card import replace_results
from guardlet_training.evaluate import expand

BLOCK = "robustness"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    recorded = record(options.data, options.bundle, options.engine, options.rows, options.seed)
    print(robustness_table(recorded))
    if options.json:
        with replacing(options.json) as file:
            file.write(json.dumps(recorded, indent=1) + "\n")
    if options.readme:
        text = options.readme.read_text(encoding="utf-8")
        replaced = replace_results(text, robustness_table(recorded), BLOCK)
        with replacing(options.readme) as file:
            file.write(replaced)


def record(
    data: Sequence[Path], bundle: Path | None, engine: str | None, rows: int | None, seed: int
) -> dict[str, Any]:
    """Reports of `guardlet attack` for the same rows, `plain` and `normalised`.

    Prompts alone are attacked, and responses by what only makes sense for them. `rows` is the most
    of each class, prompts and responses apart. Raises DataError, a BundleError or an EngineError.
    """
    drawn = sample_rows(list(expand(data).values()), rows, seed)
    transforms = [replace(item, targets=item.targets[:1]) for item in TRANSFORMS.values()]
    recorded = {}
    for name, normalise in (("plain", False), ("normalised", True)):
        guard = Guard.load(bundle, engine, threads=1, normalise=normalise)
        outcomes = measure(guard, drawn, transforms, seed, track)
        recorded[name] = report(guard, outcomes, seed, normalise)
    return recorded


def load_robustness(path: Path) -> dict[str, Any]:
    """A file written by this module. Raises DataError when it is not one."""
    try:
        recorded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        recorded["plain"]["outcomes"], recorded["normalised"]["outcomes"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} is not a record of guardlet_benchmarks.robustness") from None
    return recorded


def robustness_table(recorded: Mapping[str, Any]) -> str:
    """A Markdown table: one row an attack, shares of harmful and of benign rows that are flagged,
    as written, under the attack, and under the attack with normalisation."""
    lines = [
        "| attack | judged | harmful found, as written | attacked | normalised "
        "| benign flagged, as written | attacked | normalised |",
        "|---|---|---|---|---|---|---|---|",
    ]
    pairs = zip(recorded["plain"]["outcomes"], recorded["normalised"]["outcomes"], strict=True)
    for plain, normalised in pairs:
        cells = [_percent(share) for share in _cells(plain, normalised)]
        row = [plain["transform"], f"{plain['target']}s", *cells]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def _cells(plain: Mapping[str, Any], normalised: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("harmful", "benign"):
        yield plain[f"{kind}_before"]
        yield plain[f"{kind}_after"]
        yield normalised[f"{kind}_after"]


def _percent(share: Mapping[str, Any]) -> str:
    return "-" if share["rate"] is None else f"{100 * share['rate']:.0f} %"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True, metavar="FILE_OR_FOLDER")
    parser.add_argument("--bundle", type=Path, help="default: the embedded guard")
    parser.add_argument("--engine", help="engine name or artifact id")
    parser.add_argument("--rows", type=int, default=150, help="of each class at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")
    parser.add_argument("--readme", type=Path, help="file whose robustness block is rewritten")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
