"""The streaming benchmark: what its responses and figures are made of, never how good they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guardlet.errors import DataError
from guardlet_benchmarks.streaming.__main__ import main
from guardlet_benchmarks.streaming.measure import Run, summarise
from guardlet_benchmarks.streaming.splice import PLACES, cases, load
from guardlet_export.rows import Row

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


def run(kind: str, harm: int | None, *checks: tuple[int, bool]) -> Run:
    return Run(kind, harm, checks, True, 1, 2.0, 4.0)


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
        run("late", 40, (16, False), (48, False)),
        run("late", 40, (80, True)),
        run("never", None, (16, True)),
        run("never", None, (16, False)),
    ]
    late, never = summarise(runs, [1])
    assert (late["rows"], late["detected"], late["false_stops"]) == (4, pytest.approx(2 / 3), 0.25)
    assert (late["tokens_until_detection_median"], late["tokens_until_detection_p90"]) == (24, 40)
    assert (never["detected"], never["false_stops"]) == (None, 0.5)
    assert (late["stream_ms"], late["full_check_ms"]) == (2, 4)


def test_from_end_to_end(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, target = write_rows(tmp_path / "rows.jsonl", ROWS), tmp_path / "out.json"
    schedule = ["--first", "4", "--every", "6", "--hits", "1,2", "--rows", "2"]
    main(["--data", str(data), "--bundle", str(tiny_bundle), *schedule, "--json", str(target)])
    figures = json.loads(target.read_text(encoding="utf-8"))
    assert figures["schedule"] == {"first": 4, "every": 6, "context": None}
    assert figures["data"] == ["rows"]
    assert len(figures["results"]) == 7 * 2
    assert all(item["stream_windows"] >= 1 for item in figures["results"] if item["rows"] == 1)
    shown = capsys.readouterr().out + target.read_text(encoding="utf-8")
    assert "needle" not in shown and "sorry" not in shown


def test_a_bad_call_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--data", str(tmp_path / "absent.jsonl")])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
