"""The rows and sets an adaptation is made from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardlet.encoder import Encoder
from guardlet.errors import DataError, EmptyInputError
from guardlet_training.overlap import overlapping
from guardlet_training.public_sets import read_rows
from guardlet_training.rows import Row, load_rows


@dataclass(frozen=True)
class Inputs:
    """New cases and replayed rows, labelled and readable, and the check files by name. `report`
    counts them."""

    cases: list[Row]
    replay: list[Row]
    checks: Mapping[str, Path]
    report: Mapping[str, Any]


def read_inputs(
    examples: Path, replay: Sequence[str], checks: Mapping[str, Path], encoder: Encoder
) -> Inputs:
    """Reads new cases, replay sources (files, folders, hub ids) and check files.

    Replayed rows whose prompt repeats, or nearly repeats, one of a check set are left out. Raises
    DataError when anything is missing or has no usable row, and when a new case is also in a check
    set, whose figures would then show what was learnt by heart.
    """
    cases = _usable(load_rows(str(examples)), encoder, str(examples))
    rows = [row for source in replay for row in load_rows(source)]
    rows = _usable(rows, encoder, ", ".join(replay) or "--replay")
    held = [row for path in checks.values() for row in _usable(read_rows(path), encoder, str(path))]
    if not held:
        raise DataError("give at least one check set, or nothing says what the adaptation costs")
    texts = {(row.prompt, row.response) for row in held}
    repeated = sum((row.prompt, row.response) in texts for row in cases)
    if repeated:
        raise DataError(f"{repeated} rows of {examples} are in a check set too; leave them out")
    left_out = overlapping([row.prompt for row in rows], [row.prompt for row in held])
    kept = [row for index, row in enumerate(rows) if index not in left_out]
    if not kept:
        raise DataError("every row to replay repeats one of a check set; give others")
    report = {
        "examples": {
            "sha256": hashlib.sha256(examples.read_bytes()).hexdigest(),
            **_counts(cases),
        },
        "replay": _counts(kept) | {"overlapping_checks": len(left_out)},
    }
    return Inputs(cases, kept, checks, report)


def _usable(rows: Sequence[Row], encoder: Encoder, name: str) -> list[Row]:
    def readable() -> Iterator[Row]:
        for row in rows:
            if row.labelled:
                with suppress(EmptyInputError):
                    encoder.encode(row.prompt, row.response)
                    yield row

    kept = list(readable())
    if not kept:
        raise DataError(f"{name} has no labelled rows")
    return kept


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    targets = Counter(row.target for row in rows)
    pairs = sum(bool(row.response) for row in rows)
    return {"rows": len(rows), "harmful": targets[1], "pairs": pairs}
