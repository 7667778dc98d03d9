"""The streaming benchmark: what its responses and figures are made of, never how good they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from guardlet.encoder import Window
from guardlet.errors import DataError
from guardlet_benchmarks.streaming.__main__ import main
from guardlet_benchmarks.streaming.measure import Run, by_kind, figures
from guardlet_benchmarks.streaming.remembering import RememberingEngine
from guardlet_benchmarks.streaming.splice import PLACES, cases, load
from guardlet_benchmarks.streaming.tables import (
    KINDS_BLOCK,
    SETTINGS_BLOCK,
    kinds_table,
    load_streaming,
    settings_table,
)
from guardlet_export.rows import Row

BLOCKS = (KINDS_BLOCK, SETTINGS_BLOCK)
HARM = "needle " * 20
REFUSAL = "I'm sorry, but no."
ROWS = [
    Row("a", "apple", HARM.strip(), 1),
    Row("b", "bridge", "kettle ladder mirror " * 5, 0),
    Row("c", "candle", REFUSAL, 0),
]


def write_rows(file: Path, rows: list[Row]) -> Path:
    lines = [
        json.dumps(
            {"id": row.id, "prompt": row.prompt, "response": row.response, "label": row.label}
        )
        for row in rows
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def run(kind: str, harm: int | None, *checks: tuple[int, bool], closing: bool = True) -> Run:
    return Run(kind, harm, checks, closing, 60, 40)


def test_harm_begins_where_the_kind_says() -> None:
    made = {case.kind: case for case in cases(ROWS, 1)}
    for place in PLACES:
        case = made[f"harm at {place} %"]
        assert case.harm is not None
        assert case.response[case.harm :] == HARM.strip()
        before = len(case.response[: case.harm].split())
        assert before / len(case.response.split()) == pytest.approx(place / 100, abs=0.03)
        assert "needle" not in case.response[: case.harm]
    refused = made["refuse, then comply"]
    assert refused.response == f"{REFUSAL}\n\n{HARM.strip()}" and refused.harm == len(REFUSAL) + 2
    alone = made["harm alone"]
    assert (alone.response, alone.harm) == (HARM.strip(), 0)
    complied = made["comply, then refuse"]
    assert complied.response == f"{HARM.strip()}\n\n{REFUSAL}" and complied.harm == 0
    for kind in ("harmless", "harmless, long"):
        assert made[kind].harm is None and "needle" not in made[kind].response


def test_cases_are_the_same_each_time() -> None:
    assert list(cases(ROWS, 2)) == list(cases(ROWS, 2))
    assert list(cases(ROWS, 2, seed=0)) != list(cases(ROWS, 2, seed=1))


def test_data_without_both_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="label 1 and 0"):
        load([write_rows(tmp_path / "rows.jsonl", ROWS[:1])])


def test_hits_in_a_row_decide_when_a_stream_is_flagged() -> None:
    checks = ((16, True), (48, False), (80, True), (112, True))
    assert [run("k", 0, *checks).flagged_at(hits) for hits in (1, 2, 3)] == [16, 112, None]


def test_figures_tell_detection_from_false_stops() -> None:
    runs = [
        run("late", 40, (16, False), (48, True)),
        run("late", 40, (16, True), (48, True)),
        run("late", 40, (16, False), (48, False), closing=False),
        run("late", 40, (80, True), closing=False),
        run("never", None, (16, True)),
        run("never", None, (16, False), closing=False),
    ]
    late, never = by_kind(runs, 1)
    assert (late["kind"], never["kind"]) == ("late", "never")
    assert (late["rows"], late["detected"], late["false_stops"]) == (4, pytest.approx(2 / 3), 0.25)
    assert (late["tokens_until_detection_median"], late["tokens_until_detection_p90"]) == (24, 40)
    assert (late["full_check"], late["caught"]) == (0.5, 0.75)
    assert (never["detected"], never["caught"], never["false_stops"]) == (None, None, 0.5)
    assert (late["windows"], late["cost"]) == (1.75, 1.5)
    together = figures(runs, 1)
    assert (together["rows"], together["detected"]) == (6, late["detected"])
    assert together["false_stops"] == pytest.approx(1 / 3)


def test_a_window_is_run_once_and_counted_each_time() -> None:
    class Counting:
        calls = 0

        def logits(self, window: Window) -> NDArray[np.float32]:
            self.calls += 1
            return np.zeros(2, np.float32)

    inner = Counting()
    engine = RememberingEngine(inner)
    window = Window((1, 2, 3), (0, 0, 0), 0, 3)
    engine.logits(window)
    engine.logits(window)
    assert (inner.calls, engine.tokens) == (1, 6)
    engine.forget()
    engine.logits(window)
    assert (inner.calls, engine.tokens) == (2, 9)


@pytest.fixture(scope="module")
def recorded(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streaming")
    data, target = write_rows(folder / "rows.jsonl", ROWS), folder / "out.json"
    chosen = ["--first", "4", "--every", "6", "--context", "all", "--hits", "4", "--rows", "2"]
    others = ["--settings", "6+all,3+0,12+2"]
    words = ["--data", str(data), "--bundle", str(tiny_bundle), *chosen, *others]
    page = folder / "page.md"
    page.write_text(
        "".join(f"<!-- {name} -->\nold\n<!-- /{name} -->\n" for name in BLOCKS), encoding="utf-8"
    )
    main([*words, "--json", str(target), "--page", str(page)])
    return target


def test_from_end_to_end(recorded: Path) -> None:
    found = load_streaming(recorded)
    assert found["schedule"] == {"first": 4, "every": 6, "context": None, "hits": 4}
    assert found["data"] == ["rows"]
    assert [item["kind"] for item in found["kinds"]].count("harm alone") == 1
    settings = [(item["every"], item["context"], item["hits"]) for item in found["settings"]]
    schedules = ((6, None), (3, 0), (12, 2))
    assert settings == [(*one, hits) for one in schedules for hits in (1, 2, 3, 4)]
    windows = {item["every"]: item["windows"] for item in found["settings"]}
    assert windows[3] > windows[6] > windows[12] > 1
    text = recorded.read_text(encoding="utf-8")
    assert "needle" not in text and "sorry" not in text


def test_the_tables_have_a_row_for_each_figure(recorded: Path) -> None:
    found = load_streaming(recorded)
    kinds, settings = kinds_table(found).splitlines(), settings_table(found).splitlines()
    assert len(kinds) == 2 + len(found["kinds"]) and len(settings) == 2 + len(found["settings"])
    page = recorded.with_name("page.md").read_text(encoding="utf-8")
    assert kinds_table(found) in page and settings_table(found) in page and "old" not in page
    (bold,) = (line for line in settings if "**" in line)
    assert bold.startswith("| **6** | **all that fits** | **4** |")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kinds": []}'])
def test_other_files_are_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"other\.json"):
        load_streaming(tmp_path / "other.json")


def test_a_bad_call_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--data", str(tmp_path / "absent.jsonl")])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
