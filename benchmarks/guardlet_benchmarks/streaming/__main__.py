"""Streams spliced responses through a guard.

python -m guardlet_benchmarks.streaming --data FILE.jsonl.gz... --json OUT.json
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from guardlet import Bundle, Encoder, Guard
from guardlet.bundle import DEFAULT_OPERATING_POINT
from guardlet.cli.console import EXIT_ERROR, plain, stderr, track
from guardlet.engines import choose_artifact, open_engine
from guardlet.errors import GuardletError
from guardlet.streaming import DEFAULT_SCHEDULE, StreamSchedule
from guardlet_benchmarks.machine import environment
from guardlet_benchmarks.records import rewrite_blocks, write_record
from guardlet_benchmarks.streaming.measure import Run, Streamer, by_kind, figures
from guardlet_benchmarks.streaming.remembering import RememberingEngine
from guardlet_benchmarks.streaming.splice import cases, load
from guardlet_benchmarks.streaming.tables import (
    KINDS_BLOCK,
    SETTINGS_BLOCK,
    kinds_table,
    settings_table,
)
from guardlet_export.rows import dataset_name

_SETTINGS = "16+40,32+all,64+0,64+all"
_HITS = (1, 2, 3)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    try:
        recorded = _measure(options)
    except GuardletError as error:
        stderr().print(plain(f"error: {error}"))
        raise SystemExit(EXIT_ERROR) from None
    print(kinds_table(recorded))
    print(settings_table(recorded))
    if options.json:
        write_record(options.json, recorded)
    if options.page:
        tables = {KINDS_BLOCK: kinds_table(recorded), SETTINGS_BLOCK: settings_table(recorded)}
        rewrite_blocks(options.page, tables)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    chosen = StreamSchedule(options.first, options.every, options.context, options.hits)
    others = [replace(chosen, every=every, context=context) for every, context in options.settings]
    schedules = list(dict.fromkeys([chosen, *(replace(item, hits=chosen.hits) for item in others)]))
    made = list(cases(load(options.data), options.rows, options.seed))
    streamer, label = _streamer(options)
    runs = [streamer.runs(case, schedules) for case in track(made, "responses", len(made))]
    by_schedule = dict(zip(schedules, zip(*runs, strict=True), strict=True))
    return {
        "environment": environment() | {"threads": 1},
        "bundle": streamer.guard.bundle_label,
        "engine": label,
        "operating_point": streamer.guard.operating_point,
        "data": [dataset_name(file) for file in options.data],
        "seed": options.seed,
        "schedule": asdict(chosen),
        "kinds": by_kind(by_schedule[chosen], chosen.hits),
        "settings": [
            _setting(replace(schedule, hits=hits), found)
            for schedule, found in by_schedule.items()
            for hits in sorted({*_HITS, chosen.hits})
        ],
    }


def _streamer(options: argparse.Namespace) -> tuple[Streamer, str]:
    bundle = Bundle.open(options.bundle)
    manifest, artifact = bundle.manifest, choose_artifact(bundle, None)
    encoder = Encoder(bundle.read_text(manifest.tokenizer), manifest.input)
    engine = RememberingEngine(open_engine(bundle, artifact, 1))
    names = options.operating_point, manifest.label, artifact.id
    return Streamer(Guard(encoder, engine, manifest.score, *names), encoder, engine), artifact.id


def _setting(schedule: StreamSchedule, runs: Sequence[Run]) -> dict[str, Any]:
    """Figures over all kinds."""
    return asdict(schedule) | figures(runs, schedule.hits)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m guardlet_benchmarks.streaming",
        description=(__doc__ or "").partition("\n")[0],
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--bundle", type=Path, metavar="FOLDER", help="default: the embedded one")
    parser.add_argument("--operating-point", default=DEFAULT_OPERATING_POINT, metavar="NAME")
    parser.add_argument("--rows", type=int, default=40, help="responses of each kind, at most")
    parser.add_argument("--seed", type=int, default=0, help="draws and splices the responses")
    parser.add_argument("--first", type=int, default=DEFAULT_SCHEDULE.first, metavar="TOKENS")
    parser.add_argument("--every", type=int, default=DEFAULT_SCHEDULE.every, metavar="TOKENS")
    parser.add_argument("--context", type=_context, default=DEFAULT_SCHEDULE.context)
    parser.add_argument("--hits", type=int, default=DEFAULT_SCHEDULE.hits)
    parser.add_argument(
        "--settings", type=_settings, default=_SETTINGS, help="EVERY+CONTEXT,... to compare with"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")
    parser.add_argument("--page", type=Path, help="file that gets the tables")
    return parser.parse_args(arguments)


def _settings(text: str) -> list[tuple[int, int | None]]:
    pairs = (pair.split("+") for pair in text.split(","))
    return [(int(every), _context(context)) for every, context in pairs]


def _context(text: str) -> int | None:
    return None if text == "all" else int(text)


if __name__ == "__main__":
    main()
