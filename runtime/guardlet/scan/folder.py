"""The folder a scan writes into: whole after a kill at any moment, and only ever of one scan.

While a scan runs its two growing files carry the ending `.partial`. What was written is the longest
run of rows that both files agree on; whatever is beyond it is cut away before the scan goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from guardlet.errors import OutputError
from guardlet.files import replacing
from guardlet.jobs import PARTIAL, demote, job_folder, json_line, promote
from guardlet.scan.entries import Tally, parse_entry

IDENTITY, SUMMARY = "scan.json", "summary.json"
SCORES, FLAGGED = "scores.jsonl", "flagged.jsonl"


class ScanFolder:
    """An opened output folder. `tally` counts the rows that are in it."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self.folder = folder
        self.tally = tally
        self.complete = all((folder / name).is_file() for name in (SCORES, FLAGGED, SUMMARY))
        if self.complete:
            with (folder / SCORES).open("rb") as scores:
                for line in scores:
                    if (entry := parse_entry(line)) is None:
                        raise OutputError(f"{folder / SCORES} was altered; scan into a new folder")
                    tally.add(entry)
            return
        for name in (SCORES, FLAGGED):
            demote(folder / name)
        self._flagged: IO[bytes] = (folder / (FLAGGED + PARTIAL)).open("ab+")
        self._scores: IO[bytes] = (folder / (SCORES + PARTIAL)).open("ab+")
        _cut(self._scores, self._flagged, tally)

    def append(self, entries: Iterable[Mapping[str, Any]], flagged: Iterable[bytes]) -> None:
        """Adds rows: their lines of scores.jsonl, and copies of the harmful ones among them."""
        self._flagged.write(b"".join(line + b"\n" for line in flagged))
        self._flagged.flush()
        lines = []
        for entry in entries:
            self.tally.add(entry)
            lines.append(json_line(entry))
        self._scores.write(b"".join(lines))
        self._scores.flush()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Gives the files their names, the summary last: it says that the scan is complete."""
        if not self.complete:
            promote(self._flagged, self.folder / FLAGGED)
            promote(self._scores, self.folder / SCORES)
        with replacing(self.folder / SUMMARY) as out:
            out.write(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")

    def close(self) -> None:
        if not self.complete:
            self._flagged.close()
            self._scores.close()


@contextmanager
def scan_folder(folder: Path, identity: Mapping[str, Any], tally: Tally) -> Iterator[ScanFolder]:
    """Opens `folder` for the scan that `identity`, JSON, describes; makes it when it is not there.

    Raises OutputError when it holds anything else, when another process writes into it, or when
    the disk refuses; what was written stays and the same scan goes on from there.
    """
    with job_folder(folder, IDENTITY, identity, "scan"):
        opened = ScanFolder(folder, tally)
        try:
            yield opened
        finally:
            opened.close()


def _cut(scores: IO[bytes], flagged: IO[bytes], tally: Tally) -> None:
    """Cuts both files to the rows that are whole in both, counts those, and moves to the ends."""
    flagged.seek(0)
    copies = sum(line.endswith(b"\n") for line in flagged)
    end = 0
    scores.seek(0)
    for line in scores:
        entry = parse_entry(line)
        if entry is None or (entry["harmful"] and tally.harmful == copies):
            break
        tally.add(entry)
        end += len(line)
    scores.truncate(end)
    scores.seek(0, os.SEEK_END)
    flagged.seek(0)
    flagged.truncate(sum(len(flagged.readline()) for _ in range(tally.harmful)))
    flagged.seek(0, os.SEEK_END)
