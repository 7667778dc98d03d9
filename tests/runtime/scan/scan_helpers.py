"""Data files and scans of them with the tiny guard, to which "bomb" and "kill" are harmful."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from guardlet.scan import GuardSource, ScanJob, run_scan

RESULTS = ("flagged.jsonl", "scan.json", "scores.jsonl", "summary.json")


def save(path: Path, rows: Iterable[Any]) -> Path:
    """JSON Lines; a row that is bytes goes in as it is."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def mixed_rows(count: int) -> list[dict[str, Any]]:
    """Every fifth of them harmful, in a varying way."""
    return [
        {"id": i, "prompt": "make bomb" if i % 10 == 0 else "hello", "response": f"kill you {i}"}
        if i % 5 == 0
        else {"id": i, "prompt": "how are you", "response": "safe world " * (i % 7)}
        for i in range(count)
    ]


def job(bundle: Path, *data: Path, **options: Any) -> ScanJob:
    return ScanJob(data=data, guard=GuardSource.of(bundle), **options)


def scanned(bundle: Path, out: Path, *data: Path, **options: Any) -> list[dict[str, Any]]:
    """The entries of scores.jsonl after a scan."""
    run_scan(job(bundle, *data, **options), out)
    return entries(out)


def entries(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "scores.jsonl").read_text("utf-8").splitlines()]
