"""The lines of scores.jsonl, one for each row, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from guardlet.jobs import parse_line
from guardlet.scan.chunks import Row
from guardlet.scan.judge import RowScore

_SCORE_KEYS = tuple(RowScore.__dataclass_fields__)
_KEYS = {"file", "line", *_SCORE_KEYS, "skipped"}
_LISTED = 100


def entry_of(row: Row, file: str, score: RowScore | None) -> dict[str, Any]:
    """What scores.jsonl says of a row; never its text. All of `RowScore` is null in a row that was
    skipped, and `skipped` says why."""
    skipped = row.skipped or ("empty" if score is None else None)
    judged = asdict(score) if score else dict.fromkeys(_SCORE_KEYS)
    return {"file": file, "line": row.record.line, **judged, "skipped": skipped}


def parse_entry(line: bytes) -> dict[str, Any] | None:
    """A whole line of scores.jsonl decoded, None for a torn one."""
    entry = parse_line(line)
    return entry if entry and {"file", "line", "harmful"} <= entry.keys() else None


@dataclass
class FileTally:
    """Counts of one file's rows."""

    rows: int = 0
    judged: int = 0
    harmful: int = 0
    controversial: int = 0
    truncated: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


class Tally:
    """Counts over a scan, in memory that does not grow with it."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files: Mapping[str, FileTally] = {name: FileTally() for name in files}
        self.rows = 0
        self.judged = 0
        self.harmful = 0
        self._listed: dict[str, list[dict[str, Any]]] = {}

    def add(self, entry: Mapping[str, Any]) -> None:
        """Counts a line of scores.jsonl."""
        counts = self.files[entry["file"]]
        self.rows += 1
        counts.rows += 1
        if why := entry["skipped"]:
            counts.skipped[why] = counts.skipped.get(why, 0) + 1
            listed = self._listed.setdefault(why, [])
            if len(listed) < _LISTED:
                listed.append({"file": entry["file"], "line": entry["line"]})
            return
        self.judged += 1
        counts.judged += 1
        self.harmful += entry["harmful"]
        counts.harmful += entry["harmful"]
        counts.controversial += entry["level"] == "controversial"
        counts.truncated += entry["truncated"]

    def to_dict(self) -> dict[str, Any]:
        """For summary.json: totals, and for each reason to skip a row how many and which, the
        first hundred of them."""
        counts = list(self.files.values())
        skipped = {
            why: {
                "rows": sum(file.skipped.get(why, 0) for file in counts),
                "first": self._listed[why],
            }
            for why in sorted(self._listed)
        }
        totals = {
            name: sum(getattr(file, name) for file in counts)
            for name in ("rows", "judged", "harmful", "controversial", "truncated")
        }
        return {**totals, "skipped": skipped}
