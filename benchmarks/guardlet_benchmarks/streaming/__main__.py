"""Streams spliced responses through a guard.

python -m guardlet_benchmarks.streaming --data FILE.jsonl.gz --rows 100 --json OUT.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from guardlet import Bundle, Encoder, Guard
from guardlet.cli.console import EXIT_ERROR, plain, stderr, stdout, track
from guardlet.errors import GuardletError
from guardlet.files import replacing
from guardlet.streaming import DEFAULT_SCHEDULE, StreamSchedule
from guardlet_benchmarks.machine import environment
from guardlet_benchmarks.streaming.measure import stream_case, summarise
from guardlet_benchmarks.streaming.splice import cases, load
from guardlet_export.rows import dataset_name


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    try:
        figures = _measure(options)
    except GuardletError as error:
        stderr().print(plain(f"error: {error}"))
        raise SystemExit(EXIT_ERROR) from None
    stdout().print(_table(figures["results"]))
    if options.json:
        with replacing(options.json) as file:
            file.write(json.dumps(figures, indent=1) + "\n")


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    schedule = StreamSchedule(options.first, options.every, options.context)
    bundle = Bundle.open(options.bundle)
    guard = Guard.load(bundle, threads=1, operating_point=options.operating_point)
    encoder = Encoder(bundle.read_text(bundle.manifest.tokenizer), bundle.manifest.input)
    made = list(cases(load(options.data), options.rows))
    runs = [
        stream_case(guard, encoder, case, schedule) for case in track(made, "responses", len(made))
    ]
    return {
        "environment": environment() | {"threads": 1},
        "bundle": guard.bundle_label,
        "engine": guard.engine_label,
        "operating_point": guard.operating_point,
        "schedule": {k: v for k, v in asdict(schedule).items() if k != "hits"},
        "data": [dataset_name(file) for file in options.data],
        "results": summarise(runs, options.hits),
    }


def _table(results: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("response", "hits", "rows", "detected", "tokens until (median, 90 %)")
    for name in ("false stops", "full check says harmful", "windows: stream, full"):
        table.add_column(name)
    table.add_column("ms: stream, full")
    for item in results:
        until = [item[f"tokens_until_detection_{name}"] for name in ("median", "p90")]
        table.add_row(
            item["kind"],
            str(item["hits"]),
            str(item["rows"]),
            "-" if item["detected"] is None else f"{item['detected']:.0%}",
            "-" if until[0] is None else f"{until[0]:.0f}, {until[1]}",
            f"{item['false_stops']:.0%}",
            f"{item['caught_by_close']:.0%}",
            f"{item['stream_windows']:.1f}, {item['full_check_windows']:.1f}",
            f"{item['stream_ms']:.0f}, {item['full_check_ms']:.0f}",
        )
    return table


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m guardlet_benchmarks.streaming",
        description=(__doc__ or "").partition("\n")[0],
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--bundle", type=Path, metavar="FOLDER", help="default: the embedded one")
    parser.add_argument("--operating-point", default="balanced", metavar="NAME")
    parser.add_argument("--rows", type=int, default=100, help="responses of each kind, at most")
    parser.add_argument("--first", type=int, default=DEFAULT_SCHEDULE.first, metavar="TOKENS")
    parser.add_argument("--every", type=int, default=DEFAULT_SCHEDULE.every, metavar="TOKENS")
    parser.add_argument("--context", type=int, default=DEFAULT_SCHEDULE.context, metavar="TOKENS")
    parser.add_argument("--hits", type=_counts, default="1,2,3", metavar="COUNTS")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")
    return parser.parse_args(arguments)


def _counts(text: str) -> list[int]:
    counts = [int(number) for number in text.split(",")]
    if min(counts) < 1:
        raise argparse.ArgumentTypeError("hits are counted from 1")
    return counts


if __name__ == "__main__":
    main()
