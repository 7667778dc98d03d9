"""A stage of three rows an item, as a library call and as a process that can be killed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardlet.errors import TeacherError
from guardlet_training.augment.stage import Item, ItemRows, StageReport, run_stage


@dataclass(frozen=True)
class Triples:
    """Three rows of an item, each with the ids of all items of the chunk: what is computed
    together shows in the rows. `fail_at` is an item that cannot be made."""

    pause: float = 0.0
    fail_at: str = ""
    closed: Path | None = None
    die_at: str = ""
    died: Path | None = None

    @contextmanager
    def open(self) -> Iterator[Callable[[Sequence[Item]], list[ItemRows]]]:
        yield self._make
        if self.closed:
            self.closed.touch()

    def _make(self, items: Sequence[Item]) -> list[ItemRows]:
        time.sleep(self.pause)
        ids = [item["id"] for item in items]
        if self.fail_at in ids:
            raise TeacherError("the teacher went away")
        if self.die_at in ids and self.died and not self.died.exists():
            self.died.touch()
            os._exit(1)
        return [
            [{"id": f"{i}-{n}", "together": ids, "pad": "é\udc80\n" * 9} for n in range(3)]
            for i in ids
        ]


def items(count: int) -> list[dict[str, Any]]:
    return [{"id": f"item-{n:04}"} for n in range(count)]


def triples(
    out: Path, count: int = 50, source: Triples | None = None, **options: Any
) -> StageReport:
    """50 items in chunks of 4, so that the last chunk is short."""
    asked: dict[str, Any] = {"identity": {"seed": 1}, "rows_per_item": 3, "chunk": 4, "title": "t"}
    return run_stage(items(count), source or Triples(), out, **asked | options)


if __name__ == "__main__":
    folder, rows, workers = sys.argv[1:]
    triples(Path(folder), int(rows), Triples(pause=0.006), workers=int(workers))
