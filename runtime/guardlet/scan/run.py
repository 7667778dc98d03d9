"""A scan from its first row to its summary."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet.jobs import Engine, run_workers
from guardlet.scan.chunks import Row, chunked, turns_of
from guardlet.scan.entries import Tally, entry_of
from guardlet.scan.folder import ScanFolder, scan_folder
from guardlet.scan.formats import read_row
from guardlet.scan.judge import GuardSource
from guardlet.scan.rates import Rates
from guardlet.scan.share import corrected, wilson
from guardlet.scan.sources import records

FORMAT = 1


@dataclass(frozen=True)
class ScanJob:
    """What to scan, with what, and when to raise the alarm.

    `text_fields`: one column (a prompt) or two (prompt and response) instead of the known forms.
    `answers_only` leaves out the prompts of rows that have answers.
    `rates` correct the share of harmful rows for the guard's errors. `alarm_share` is the share
    above which the file is alarming: None is 0 with rates, and no alarm at all without.
    """

    data: Sequence[Path]
    guard: GuardSource
    text_fields: Sequence[str] = ()
    answers_only: bool = False
    workers: int = 1
    engine: Engine = "local"
    rates: Rates | None = None
    alarm_share: float | None = None


@dataclass(frozen=True)
class Progress:
    """`read` of `total` bytes; `rows` in the folder, `new` of them judged by this run."""

    read: int
    total: int
    rows: int
    new: int


@dataclass(frozen=True)
class _Input:
    """A data file: its name in the results, size, SHA-256 and the form of its first known row."""

    path: Path
    file: str
    bytes: int
    sha256: str
    format: str


def run_scan(
    job: ScanJob, out: Path, progress: Callable[[Progress], object] = lambda _: None
) -> dict[str, Any]:
    """Scores every row into the folder `out` and returns what its summary.json says.

    A scan that was stopped goes on where it was; one that is complete only gets its share and
    alarm anew. Raises DataError before anything is written for a file that is unreadable or has no
    row of a known form, OutputError for a folder that cannot be used, and what a check raises.
    """
    inputs = _inputs(job)
    identity = {
        "format": FORMAT,
        "inputs": [{"file": i.file, "bytes": i.bytes, "sha256": i.sha256} for i in inputs],
        "bundle": job.guard.label,
        "manifest_sha256": job.guard.manifest_sha256,
        "artifact": job.guard.artifact,
        "operating_point": job.guard.operating_point,
        "text_fields": list(job.text_fields),
        "answers_only": job.answers_only,
    }
    with scan_folder(out, identity, Tally([i.file for i in inputs])) as folder:
        if not folder.complete:
            _judge(job, inputs, folder, progress)
        summary = _summary(job, inputs, identity, folder.tally)
        folder.finish(summary)
    return summary


def _judge(
    job: ScanJob,
    inputs: Sequence[_Input],
    folder: ScanFolder,
    progress: Callable[[Progress], object],
) -> None:
    begun = folder.tally.rows
    total = sum(i.bytes for i in inputs)
    before = [sum(i.bytes for i in inputs[:n]) for n in range(len(inputs))]
    rows = islice(_rows(inputs, job), begun, None)
    pairs = ((chunk, turns_of(chunk)) for chunk in chunked(rows))
    with closing(run_workers(pairs, job.guard, job.engine, job.workers)) as judged:
        for chunk, scores in judged:
            scored = list(zip(chunk, scores, strict=True))
            folder.append(
                [entry_of(row, inputs[row.file].file, score) for row, score in scored],
                [row.record.copy() for row, score in scored if score and score.harmful],
            )
            last = chunk[-1]
            done = folder.tally.rows
            progress(Progress(before[last.file] + last.record.offset, total, done, done - begun))


def _rows(inputs: Iterable[_Input], job: ScanJob) -> Iterator[Row]:
    for number, item in enumerate(inputs):
        for record in records(item.path):
            yield Row.of(number, record, job.text_fields, job.answers_only)
        if not item.path.is_file() or item.path.stat().st_size != item.bytes:
            raise DataError(f"{item.path} changed while it was read; scan it when it rests")


def _inputs(job: ScanJob) -> list[_Input]:
    """Raises DataError for a file that no row can be taken from, before anything is written."""
    names = [path.name for path in job.data]
    if len(set(names)) < len(names):
        names = [path.as_posix() for path in job.data]
    if len(set(names)) < len(names):
        raise DataError("the same data file is given twice")
    return [_input(path, name, job) for path, name in zip(job.data, names, strict=True)]


def _input(path: Path, name: str, job: ScanJob) -> _Input:
    if not path.is_file():
        raise DataError(f"no such data file: {path}")
    readings = (read_row(record.value, job.text_fields) for record in records(path))
    form = next((reading.format for reading in readings if reading), None)
    if form is None:
        fields = ", ".join(job.text_fields)
        wanted = f"the fields {fields}" if fields else "a known form"
        raise DataError(
            f"{path} has no row of {wanted}; name the columns to judge with --text-fields"
        )
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"cannot read {path}: {type(error).__name__}") from error
    return _Input(path, name, path.stat().st_size, digest, form)


def _summary(
    job: ScanJob, inputs: Sequence[_Input], identity: dict[str, Any], tally: Tally
) -> dict[str, Any]:
    raw = wilson(tally.harmful, tally.judged)
    true = corrected(tally.harmful, tally.judged, job.rates) if job.rates else None
    limit = job.alarm_share
    if limit is None and true:
        limit = 0.0
    files = [
        {"file": i.file, "bytes": i.bytes, "sha256": i.sha256, "format": i.format}
        | asdict(tally.files[i.file])
        for i in inputs
    ]
    return {
        **identity,
        "threshold": job.guard.threshold,
        "inputs": files,
        **tally.to_dict(),
        "share": asdict(raw),
        "rates": asdict(job.rates) if job.rates else None,
        "corrected_share": asdict(true) if true else None,
        "alarm_share": limit,
        "alarm": None if limit is None else (true or raw).lower > limit,
    }
