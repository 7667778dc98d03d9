"""`guardlet scan` on data in which harmful rows are hidden: recall, alarms and rows a second.

python -m guardlet_benchmarks.screening --benign FILES --harmful FILES --json OUT.json
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from guardlet.bundle import Bundle
from guardlet.errors import DataError
from guardlet.scan import GuardSource, ScanJob, run_scan
from guardlet_benchmarks.machine import environment
from guardlet_benchmarks.mixtures import SCREENING_BLOCK, Scores, measure, screening_table
from guardlet_benchmarks.records import rewrite_blocks, write_record
from guardlet_export.rows import Row, dataset_name, file_rows


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    source = GuardSource.of(options.bundle)
    points = Bundle.open(options.bundle).manifest.score.operating_points
    benign, of_benign = _scores(options.benign, 0, options.benign_rows, source, options.workers)
    harmful, of_harmful = _scores(options.harmful, 1, options.harmful_rows, source, options.workers)
    found = [
        measure(benign, harmful, name, point.threshold, options.hidden, share, options.seeds)
        for share in options.shares
        for name, point in points.items()
    ]
    recorded = {
        "environment": environment(),
        "bundle": source.label,
        "artifact": source.artifact,
        "workers": options.workers,
        "benign": of_benign,
        "harmful": of_harmful,
        "mixtures": [asdict(mixture) for mixture in found],
    }
    print(screening_table(recorded))
    if options.json:
        write_record(options.json, recorded)
    if options.page:
        rewrite_blocks(options.page, {SCREENING_BLOCK: screening_table(recorded)})


def _scores(
    files: Sequence[Path], label: int, most: int | None, source: GuardSource, workers: int
) -> tuple[Scores, dict[str, Any]]:
    """Scores that a scan gives the rows of that label, at most so many of them, drawn; and how fast
    it was, workers' start included: rows a second, and rows for each second of one core."""
    rows = [row for path in files for row in file_rows(path) if _label(row) == label]
    if not rows:
        raise DataError(f"no row of {', '.join(map(str, files))} has the label {label}")
    if most and len(rows) > most:
        drawn = np.random.default_rng(0).choice(len(rows), most, replace=False)
        rows = [rows[i] for i in sorted(drawn)]
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "rows.jsonl", Path(folder) / "out"
        with data.open("w", encoding="utf-8", errors="backslashreplace") as file:
            for row in rows:
                file.write(json.dumps({"prompt": row.prompt, "response": row.response}) + "\n")
        begun, worked = time.monotonic(), _core_seconds()
        run_scan(ScanJob([data], source, workers=workers), out)
        seconds, core_seconds = time.monotonic() - begun, _core_seconds() - worked
        entries = map(json.loads, (out / "scores.jsonl").open(encoding="utf-8"))
        found = [entry["score"] for entry in entries if entry["score"] is not None]
    return np.asarray(found, dtype=np.float64), {
        "data": [dataset_name(file) for file in files],
        "rows": len(found),
        "rows_per_second": len(rows) / seconds,
        "rows_per_core_second": len(rows) / core_seconds,
    }


def _core_seconds() -> float:
    """Of this process and of the workers it has waited for: a busy machine does not change it."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _label(row: Row) -> int | None:
    return None if row.label is None and row.soft_label is None else row.target


def _options(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("benign", "harmful"):
        help = f"labelled .jsonl[.gz]; its {name} rows are used"
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True, help=help)
        parser.add_argument(f"--{name}-rows", type=int, help="drawn from more; default: all")
    parser.add_argument("--bundle", type=Path, help="default: the embedded guard")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--hidden", type=int, default=100, help="harmful rows in each data set")
    parser.add_argument("--shares", type=_shares, default="0.001,0.01,0.1")
    parser.add_argument("--seeds", type=int, default=50, help="data sets of each share")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")
    parser.add_argument("--page", type=Path, help="file that gets the table")
    return parser.parse_args(arguments)


def _shares(text: str) -> list[float]:
    shares = [float(word) for word in text.split(",")]
    if not all(0 < share <= 0.5 for share in shares):
        raise argparse.ArgumentTypeError("shares are numbers above 0, up to 0.5")
    return shares


if __name__ == "__main__":
    main()
