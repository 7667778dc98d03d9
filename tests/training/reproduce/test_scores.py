"""Measuring on every row of a set."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardlet import Guard
from guardlet.errors import OutputError
from guardlet_training.metrics import compute_metrics
from guardlet_training.reproduce.scores import measure
from guardlet_training.rows import Row

ROWS = [
    Row("a", "apple bridge candle", label=1),
    Row("b", "apple", "bridge " * 20, label=0),
    Row("c", "", label=1),
    Row("d", "yellow window", "zebra", label=0),
]


def test_every_row_counts_and_unreadable_ones_are_safe(tiny_bundle: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    scored = measure(str(tiny_bundle), {"oai": ROWS}, file)
    guard = Guard.load(tiny_bundle)
    read = [row for row in ROWS if row.prompt]
    expected = {row.id: guard.check(row.prompt, row.response).score for row in read} | {"c": 0.0}
    assert scored.sets["oai"] == compute_metrics(
        [1, 0, 1, 0], [expected[row.id] for row in ROWS], 0.5
    )
    assert scored.unread == {"oai": 1}
    assert measure("no model at all", {}, file) == scored


def test_an_altered_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(OutputError, match="altered"):
        measure("no model at all", {}, file)
