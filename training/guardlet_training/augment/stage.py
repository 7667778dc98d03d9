"""A stage: items in, a fixed number of rows out for each, spread over workers, resumable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from guardlet.cli.console import progress_bar
from guardlet.errors import DataError, OutputError
from guardlet.files import replacing
from guardlet.jobs import Engine, WorkerSource, job_folder, json_line, run_workers
from guardlet_training.augment.folder import REPORT, ROWS, RUN, StageRows

Item = Mapping[str, Any]
ItemRows = list[dict[str, Any]]
Worker = Callable[[Sequence[Item]], list[ItemRows]]
"""Items to the rows of each, in order."""
StageSource = WorkerSource[Sequence[Item], list[ItemRows]]


@dataclass(frozen=True)
class StageReport:
    """A complete stage: `rows` in its folder, `new` of them made by this call, and `figures`, what
    its report.json says."""

    folder: Path
    items: int
    rows: int
    new: int
    figures: Mapping[str, Any]


def run_stage(
    items: Iterable[Item],
    source: StageSource,
    out: Path,
    *,
    identity: Mapping[str, Any],
    rows_per_item: int,
    title: str,
    engine: Engine = "local",
    workers: int = 1,
    chunk: int = 16,
    gpus: float = 0,
    finish: Callable[[Path], Mapping[str, Any]] = lambda _: {},
) -> StageReport:
    """Makes the rows of every item in the folder `out` and returns what came of it.

    `out` holds run.json (`identity`: everything the rows depend on, as JSON), rows.jsonl (with the
    ending `.partial` until it is complete) and report.json, written last: the counts, and what
    `finish` returns, which is called with `out` when all rows are there and may write further
    files. A stage that was stopped goes on where it was, and one that is complete does nothing;
    `items` have to come in the same order again.

    Workers get `chunk` items at a time, always the same ones together; `workers`, `engine` and
    `gpus` (of each worker on Ray) change nothing in the rows. `title` is shown at the progress bar.

    Raises DataError for an item without an `id` or with that of another, OutputError for a folder
    that cannot be used or a disk that refuses, and what `run_workers` raises; rows that were
    finished stay.
    """
    whole = {**identity, "rows_per_item": rows_per_item, "chunk": chunk}
    with job_folder(out, RUN, whole, "run"), closing(StageRows(out, chunk * rows_per_item)) as rows:
        if rows.complete and (out / REPORT).is_file():
            return _report(out, rows.rows, rows_per_item, 0)
        begun = rows.rows
        if not rows.complete:
            total = len(items) if isinstance(items, Sized) else None
            rest = islice(_checked(items), begun // rows_per_item, None)
            pairs = ((part, part) for part in _chunks(rest, chunk))
            with (
                progress_bar(title, total, begun // rows_per_item) as advance,
                closing(run_workers(pairs, source, engine, workers, gpus)) as made,
            ):
                for part, results in made:
                    rows.append(_flat(part, results, rows_per_item))
                    advance(len(part))
            rows.finish()
        counts = {"items": rows.rows // rows_per_item, "rows": rows.rows}
        with replacing(out / REPORT, errors="backslashreplace") as file:
            file.write(json.dumps(counts | dict(finish(out)), indent=2, ensure_ascii=False) + "\n")
        return _report(out, rows.rows, rows_per_item, rows.rows - begun)


def digest_of(items: Iterable[Item]) -> str:
    """SHA-256 of items, for a run's identity."""
    digest = sha256()
    for item in items:
        digest.update(json_line(item))
    return digest.hexdigest()


def _report(out: Path, rows: int, rows_per_item: int, new: int) -> StageReport:
    """Of the complete folder. Raises OutputError when rows.jsonl is not as long as it says."""
    try:
        figures = json.loads((out / REPORT).read_text(encoding="utf-8"))
        agrees = figures["rows"] == rows
    except (ValueError, TypeError, KeyError):
        agrees = False
    if not agrees:
        raise OutputError(f"{out / ROWS} or {REPORT} was altered; give a new folder")
    return StageReport(out, rows // rows_per_item, rows, new, figures)


def _checked(items: Iterable[Item]) -> Iterator[Item]:
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        name = item.get("id")
        if not isinstance(name, str) or not name:
            raise DataError(f'item {number} has no "id"; give each one of its own')
        if name in seen:
            raise DataError(f"item {number} has the id {name!r} of an earlier one; make ids differ")
        seen.add(name)
        yield item


def _chunks(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while chunk := list(islice(items, size)):
        yield chunk


def _flat(items: Sequence[Item], results: Sequence[ItemRows], rows_per_item: int) -> ItemRows:
    """Raises ValueError for a worker that does not do what it is to do."""
    if len(results) != len(items) or any(len(rows) != rows_per_item for rows in results):
        raise ValueError(f"a worker has to return {rows_per_item} rows for each item")
    return [row for rows in results for row in rows]
