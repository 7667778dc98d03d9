r"""How a guard holds up under every attack, with normalisation and without.

python -m guardlet_benchmarks.robustness --data DEV... --json OUT.json --readme README.md \
    --page docs/robustness.md
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
from guardlet_benchmarks.records import rewrite_blocks, write_record
from guardlet_training.attacks import TRANSFORMS
from guardlet_training.attacks.measure import MODES, measure_modes, sample_rows
from guardlet_training.evaluate import expand

BLOCK = "robustness"
INTERVALS_BLOCK = "robustness-intervals"


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    recorded = record(options.data, options.bundle, options.engine, options.rows, options.seed)
    print(robustness_table(recorded))
    if options.json:
        write_record(options.json, recorded)
    if options.readme:
        rewrite_blocks(options.readme, {BLOCK: robustness_table(recorded)})
    if options.page:
        rewrite_blocks(options.page, {INTERVALS_BLOCK: intervals_table(recorded)})


def record(
    data: Sequence[Path], bundle: Path | None, engine: str | None, rows: int | None, seed: int
) -> dict[str, Any]:
    """Reports of `guardlet attack` for the same rows, `plain` and `normalised`.

    Prompts alone are attacked, and responses by what only makes sense for them. `rows` is the most
    of each class, prompts and responses apart. Raises DataError, a BundleError or an EngineError.
    """
    drawn = sample_rows(list(expand(data).values()), rows, seed)
    transforms = [replace(item, targets=item.targets[:1]) for item in TRANSFORMS.values()]

    def load(normalise: bool) -> Guard:
        return Guard.load(bundle, engine, threads=1, normalise=normalise)

    return measure_modes(load, MODES, drawn, transforms, seed, track)


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
    for plain, normalised in _pairs(recorded):
        shares = [
            share
            for kind in ("harmful", "benign")
            for share in (
                plain[f"{kind}_before"],
                plain[f"{kind}_after"],
                normalised[f"{kind}_after"],
            )
        ]
        row = [plain["transform"], f"{plain['target']}s", *map(_percent, shares)]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def intervals_table(recorded: Mapping[str, Any]) -> str:
    """A Markdown table: one row an attack, the same shares under it with their 95 % intervals, and
    what normalisation adds, in points."""
    lines = [
        "| attack | harmful found | normalised | gained | benign flagged | normalised | more |",
        "|---|---|---|---|---|---|---|",
    ]
    for plain, normalised in _pairs(recorded):
        row = [plain["transform"]]
        for kind in ("harmful_after", "benign_after"):
            before, after = plain[kind], normalised[kind]
            row += [_with_interval(before), _with_interval(after), _points(before, after)]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def _pairs(recorded: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The outcome of each attack, plain and normalised."""
    yield from zip(recorded["plain"]["outcomes"], recorded["normalised"]["outcomes"], strict=True)


def _percent(share: Mapping[str, Any]) -> str:
    return "-" if share["rate"] is None else f"{100 * share['rate']:.0f} %"


def _with_interval(share: Mapping[str, Any]) -> str:
    if share["rate"] is None:
        return "-"
    return f"{_percent(share)} ({100 * share['low']:.0f} to {100 * share['high']:.0f})"


def _points(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if before["rate"] is None or after["rate"] is None:
        return "-"
    return f"{100 * (after['rate'] - before['rate']):.1f}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, nargs="+", required=True, metavar="FILE_OR_FOLDER")
    parser.add_argument("--bundle", type=Path, help="default: the embedded guard")
    parser.add_argument("--engine", help="engine name or artifact id")
    parser.add_argument("--rows", type=int, default=150, help="of each class at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")
    parser.add_argument("--readme", type=Path, help="file that gets the table")
    parser.add_argument("--page", type=Path, help="file that gets the table with intervals")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
