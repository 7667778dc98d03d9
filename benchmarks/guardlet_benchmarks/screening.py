"""`guardlet scan` on data in which harmful rows are hidden: recall, alarms and rows a second.

python -m guardlet_benchmarks.screening --benign FILES --harmful FILES --json OUT.json
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from guardlet.bundle import Bundle
from guardlet.errors import DataError
from guardlet.files import replacing
from guardlet.scan import GuardSource, ScanJob, run_scan
from guardlet_benchmarks.machine import environment
from guardlet_benchmarks.mixtures import Scores, measure, screening_table
from guardlet_export.rows import Row, dataset_name, file_rows


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    source = GuardSource.of(options.bundle)
    points = Bundle.open(options.bundle).manifest.score.operating_points
    benign, benign_rate = _scores(options.benign, 0, source, options)
    harmful, harmful_rate = _scores(options.harmful, 1, source, options)
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
        "benign": _described(options.benign, benign, benign_rate),
        "harmful": _described(options.harmful, harmful, harmful_rate),
        "mixtures": [asdict(mixture) for mixture in found],
    }
    print(screening_table(recorded))
    if options.json:
        with replacing(options.json) as file:
            file.write(json.dumps(recorded, indent=1) + "\n")


def _described(files: Sequence[Path], scores: Scores, rate: float) -> dict[str, Any]:
    names = [dataset_name(file) for file in files]
    return {"data": names, "rows": len(scores), "rows_per_second": rate}


def _scores(
    files: Sequence[Path], label: int, source: GuardSource, options: argparse.Namespace
) -> tuple[Scores, float]:
    """Scores that a scan gives the rows of that label, and rows a second, workers' start included.

    Of more than `limit` rows, that many are drawn.
    """
    rows = [row for path in files for row in file_rows(path) if _label(row) == label]
    if not rows:
        raise DataError(f"no row of {', '.join(map(str, files))} has the label {label}")
    if options.limit and len(rows) > options.limit:
        drawn = np.random.default_rng(0).choice(len(rows), options.limit, replace=False)
        rows = [rows[i] for i in sorted(drawn)]
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "rows.jsonl", Path(folder) / "out"
        with data.open("w", encoding="utf-8", errors="backslashreplace") as file:
            for row in rows:
                file.write(json.dumps({"prompt": row.prompt, "response": row.response}) + "\n")
        begun = time.monotonic()
        run_scan(ScanJob([data], source, workers=options.workers), out)
        seconds = time.monotonic() - begun
        entries = map(json.loads, (out / "scores.jsonl").open(encoding="utf-8"))
        found = [entry["score"] for entry in entries if entry["score"] is not None]
    return np.asarray(found, dtype=np.float64), len(rows) / seconds


def _label(row: Row) -> int | None:
    return None if row.label is None and row.soft_label is None else row.target


def _options(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("benign", "harmful"):
        help = f"labelled .jsonl[.gz]; its {name} rows are used"
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True, help=help)
    parser.add_argument("--bundle", type=Path, help="default: the embedded guard")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--limit", type=int, help="rows of each label, drawn from more")
    parser.add_argument("--hidden", type=int, default=100, help="harmful rows in each data set")
    parser.add_argument("--shares", type=_shares, default="0.001,0.01,0.1")
    parser.add_argument("--seeds", type=int, default=50, help="data sets of each share")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where to write the figures")
    return parser.parse_args(arguments)


def _shares(text: str) -> list[float]:
    shares = [float(word) for word in text.split(",")]
    if not all(0 < share <= 0.5 for share in shares):
        raise argparse.ArgumentTypeError("shares are numbers above 0, up to 0.5")
    return shares


if __name__ == "__main__":
    main()
