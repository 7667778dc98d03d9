"""White-box attacks on a tiny guard: what is counted, and that nothing but counts gets out."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from cli_runner import guardlet
from tiny_models import VOCABULARY
from training_helpers import made_up_rows

from guardlet.cli.console import track
from guardlet.errors import DataError, OperatingPointError
from guardlet_export.guard_folder import GuardFolder, GuardFolderError
from guardlet_training.rows import Row, write_rows
from guardlet_training.whitebox.probe import ProbeReport, probe
from guardlet_training.whitebox.settings import Method, ProbeSettings, Where
from guardlet_training.whitebox.student import Student

TOKENS = ProbeSettings(steps=8, suffix=4, candidates=24)
EMBEDDINGS = ProbeSettings(Method.EMBEDDINGS, steps=30, budget=1.0)


@pytest.fixture(scope="module")
def rows(tiny_guard: Path) -> list[Row]:
    """Rows that the guard judges right, being labelled by it; some are longer than a window."""
    student = Student(GuardFolder.open(tiny_guard), 0.5)
    made = [*made_up_rows(60, seed=4), Row("long", "apple " * 90)]
    return [
        Row(r.id, r.prompt, r.response, int(student.judges_harmful(r.prompt, r.response)))
        for r in made
    ]


@pytest.fixture
def data(rows: list[Row], tmp_path: Path) -> Path:
    write_rows(tmp_path / "data.jsonl", rows)
    return tmp_path / "data.jsonl"


def run(guard: Path, data: Path, settings: ProbeSettings) -> ProbeReport:
    return probe(guard, data, settings, track, rows=5)


@pytest.mark.parametrize("where", Where)
def test_swapped_tokens_turn_verdicts(tiny_guard: Path, data: Path, where: Where) -> None:
    report = run(tiny_guard, data, replace(TOKENS, where=where))
    for group in (report.harmful, report.harmless):
        assert group.attacked == 5
        assert group.flipped + group.ids_only <= group.attacked
        assert group.share == group.flipped / 5
        if group.flipped:
            assert group.median_steps is not None and group.median_size is not None
            assert 0 <= group.median_size <= group.median_steps <= 8
    assert report.harmful.flipped + report.harmless.flipped > 0


def test_more_steps_turn_as_many_verdicts_or_more(tiny_guard: Path, data: Path) -> None:
    few, many = (run(tiny_guard, data, replace(TOKENS, steps=steps)) for steps in (1, 8))
    assert few.harmful.flipped <= many.harmful.flipped
    assert few.harmless.flipped <= many.harmless.flipped


@pytest.mark.parametrize("settings", [TOKENS, EMBEDDINGS], ids=["tokens", "embeddings"])
def test_the_seed_decides_everything(tiny_guard: Path, data: Path, settings: ProbeSettings) -> None:
    assert run(tiny_guard, data, settings) == run(tiny_guard, data, settings)


def test_moved_embeddings_turn_verdicts_within_the_budget(tiny_guard: Path, data: Path) -> None:
    report = run(tiny_guard, data, EMBEDDINGS)
    assert report.harmful.flipped + report.harmless.flipped > 0
    for group in (report.harmful, report.harmless):
        assert group.ids_only == 0
        assert group.median_size is None or 0 < group.median_size <= 1.0 + 1e-6


def test_no_budget_turns_nothing(tiny_guard: Path, data: Path) -> None:
    report = run(tiny_guard, data, replace(EMBEDDINGS, budget=0.0, steps=2))
    assert report.harmful.flipped == report.harmless.flipped == 0
    assert report.harmful.median_steps is None


def test_rows_longer_than_a_window_are_counted(tiny_guard: Path, tmp_path: Path) -> None:
    student = Student(GuardFolder.open(tiny_guard), 0.5)
    label = int(student.judges_harmful("apple", None))
    long = Row("long", "apple " * 90, label=label)
    write_rows(tmp_path / "d.jsonl", [long, Row("short", "apple", label=label)])
    assert run(tiny_guard, tmp_path / "d.jsonl", EMBEDDINGS).too_long == 1


def test_rows_judged_wrong_are_not_attacked(
    tiny_guard: Path, rows: list[Row], tmp_path: Path
) -> None:
    turned = [replace(row, label=1 - row.target) for row in rows]
    write_rows(tmp_path / "d.jsonl", turned)
    with pytest.raises(DataError, match="judges right"):
        run(tiny_guard, tmp_path / "d.jsonl", TOKENS)


def test_only_counts_get_out(tiny_guard: Path, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    output = guardlet(
        *("probe", tiny_guard, data, "--rows", 2, "--steps", 2, "--suffix", 3, "--json", file)
    )
    assert "harmful, caught" in output
    text = file.read_text("utf-8")
    report = json.loads(text)
    assert report["settings"]["method"] == "tokens"
    assert report["harmful"]["attacked"] == 2
    words = [word for word in VOCABULARY if len(word) > 4 and word.isalpha()]
    assert not [word for word in words if word in text or word in output]


def test_a_bundle_is_probed_as_the_folder_it_was_made_of(
    tiny_bundle: Path, tiny_guard: Path, data: Path
) -> None:
    """Counts and all: the function is the same to the last bits, which the norms show."""
    found, expected = (asdict(run(m, data, EMBEDDINGS).harmful) for m in (tiny_bundle, tiny_guard))
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_embedded_guard_goes_by_its_name(
    tiny_bundle: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guardlet_training.trainable.default_bundle", lambda: tiny_bundle)
    output = guardlet("probe", tiny_bundle.name, data, "--rows", 1, "--steps", 1)
    assert "harmful, caught" in output


def test_neither_a_model_nor_a_bundle_is_refused(tmp_path: Path, data: Path) -> None:
    with pytest.raises(GuardFolderError, match=r"no guard\.json"):
        run(tmp_path, data, TOKENS)


def test_an_unknown_operating_point_is_refused(tiny_guard: Path, data: Path) -> None:
    with pytest.raises(OperatingPointError, match="balanced"):
        probe(tiny_guard, data, TOKENS, track, operating_point="lax")
