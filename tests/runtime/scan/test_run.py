"""Whole scans: what is written, in which order, by any number of workers."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import pytest
from folders import contents
from runtime_helpers import sentence, write_tiny
from scan_helpers import RESULTS, entries, job, mixed_rows, save, scanned

from guardlet import Guard
from guardlet.errors import BundleError, DataError, OperatingPointError, OutputError
from guardlet.jobs.work import in_order
from guardlet.scan import GuardSource, Progress, Rates, run_scan
from guardlet.scan.chunks import chunked
from guardlet.scan.run import _inputs, _rows


def test_every_row_is_scored_by_its_worst_turn(
    bundle_folder: Path, guard: Guard, tmp_path: Path
) -> None:
    chat = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "how are you"},
        {"role": "user", "content": "make bomb"},
        {"role": "assistant", "content": "hello world " * 8},
    ]
    data = save(tmp_path / "a.jsonl", [{"messages": chat}, {"text": sentence(300)}])
    first, second = scanned(bundle_folder, tmp_path / "out", data)
    checks = [("hello", None), ("hello", "how are you"), ("make bomb", None)]
    verdicts = guard.check_batch([*checks, ("make bomb", "hello world " * 8)])
    worst = max(range(4), key=lambda i: verdicts[i].score)
    assert first == {
        "file": "a.jsonl",
        "line": 1,
        "score": verdicts[worst].score,
        "level": "harmful",
        "harmful": True,
        "judged": verdicts[worst].judged,
        "turn": f"messages[{worst}]",
        "truncated": False,
        "skipped": None,
    }
    assert second["truncated"] and second["turn"] == "text"


def test_rows_come_out_in_order_and_flagged_ones_as_they_were(
    bundle_folder: Path, tmp_path: Path
) -> None:
    rows = mixed_rows(100)
    data = [save(tmp_path / "a.jsonl", rows[:70]), save(tmp_path / "b.jsonl", rows[70:])]
    found = scanned(bundle_folder, tmp_path / "out", *data)
    assert [(e["file"], e["line"]) for e in found] == [
        *(("a.jsonl", i) for i in range(1, 71)),
        *(("b.jsonl", i) for i in range(1, 31)),
    ]
    assert [e["harmful"] for e in found] == [i % 5 == 0 for i in range(100)]
    flagged = (tmp_path / "out" / "flagged.jsonl").read_text("utf-8").splitlines()
    assert flagged == [json.dumps(row) for row in rows if row["id"] % 5 == 0]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == list(RESULTS)


def test_only_flagged_jsonl_holds_text(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", [{"prompt": "bomb zyxwvut"}, {"odd": "zyxwvut"}, b"zyxwvut"])
    scanned(bundle_folder, tmp_path / "out", data)
    holding = [name for name, text in contents(tmp_path / "out").items() if b"zyxwvut" in text]
    assert holding == ["flagged.jsonl"]


def test_rows_that_cannot_be_judged_are_counted_and_named(
    bundle_folder: Path, tmp_path: Path
) -> None:
    rows = [{"text": "hello"}, b"{torn", b"", {"odd": 1}, {"text": " "}, {"text": "\u200b"}]
    data = save(tmp_path / "a.jsonl", rows + [{"odd": 1}] * 200)
    summary = run_scan(job(bundle_folder, data), tmp_path / "out")
    assert (summary["rows"], summary["judged"]) == (205, 1)
    skipped = summary["skipped"]
    assert skipped["unreadable"] == {"rows": 1, "first": [{"file": "a.jsonl", "line": 2}]}
    assert [row["line"] for row in skipped["empty"]["first"]] == [5, 6]
    assert skipped["unrecognised"]["rows"] == 201 and len(skipped["unrecognised"]["first"]) == 100
    found = entries(tmp_path / "out")
    assert [e["skipped"] for e in found[:5]] == [None, "unreadable", "unrecognised", *["empty"] * 2]
    assert found[1]["score"] is None and found[1]["harmful"] is None


@pytest.mark.slow
def test_workers_change_nothing(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", mixed_rows(200))
    scanned(bundle_folder, tmp_path / "one", data, workers=1)
    scanned(bundle_folder, tmp_path / "two", data, workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.slow
def test_what_fails_in_a_worker_is_raised(tmp_path: Path) -> None:
    write_tiny(tmp_path / "bundle")
    data = save(tmp_path / "a.jsonl", mixed_rows(5))
    asked = job(tmp_path / "bundle", data, workers=2)
    write_tiny(tmp_path / "bundle", swap=True, version="2.0.0")
    with pytest.raises(BundleError, match="another bundle"):
        run_scan(asked, tmp_path / "out")


def test_csv_and_parquet_rows_are_copied_as_json(bundle_folder: Path, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    (tmp_path / "a.csv").write_text("prompt,response\nmake bomb,\nhello,world\n", encoding="utf-8")
    rows = [{"text": "hello", "n": 1}, {"text": "kill bomb", "n": 2}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "b.parquet")
    found = scanned(bundle_folder, tmp_path / "o", tmp_path / "a.csv", tmp_path / "b.parquet")
    assert [(e["file"], e["line"], e["harmful"]) for e in found] == [
        ("a.csv", 2, True),
        ("a.csv", 3, False),
        ("b.parquet", 1, False),
        ("b.parquet", 2, True),
    ]
    flagged = (tmp_path / "o" / "flagged.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in flagged] == [
        {"prompt": "make bomb", "response": ""},
        rows[1],
    ]


def test_own_columns_are_judged(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", [{"q": "hello", "a": "bomb"}, {"q": "bomb"}])
    (first, second) = scanned(bundle_folder, tmp_path / "out", data, text_fields=("q", "a"))
    assert (first["turn"], first["judged"]) == ("a", "response")
    assert second["skipped"] == "unrecognised"


def test_prompts_are_left_out_when_only_answers_count(
    bundle_folder: Path, guard: Guard, tmp_path: Path
) -> None:
    data = save(tmp_path / "a.jsonl", [{"prompt": "make bomb", "response": "hello world " * 9}])
    (both,) = scanned(bundle_folder, tmp_path / "both", data)
    (answer,) = scanned(bundle_folder, tmp_path / "answers", data, answers_only=True)
    assert (both["turn"], both["score"]) == ("prompt", guard.check("make bomb").score)
    judged = guard.check("make bomb", "hello world " * 9)
    assert (answer["turn"], answer["score"]) == ("response", judged.score)


def test_mistakes_leave_nothing(bundle_folder: Path, tmp_path: Path) -> None:
    good = save(tmp_path / "a.jsonl", mixed_rows(3))
    odd = save(tmp_path / "odd.jsonl", [{"odd": 1}] * 3)
    out = tmp_path / "out"
    with pytest.raises(DataError, match=r"no row of a known form.*--text-fields"):
        run_scan(job(bundle_folder, good, odd), out)
    with pytest.raises(DataError, match="no row of the fields x"):
        run_scan(job(bundle_folder, good, text_fields=("x",)), out)
    with pytest.raises(DataError, match="no such data file"):
        run_scan(job(bundle_folder, tmp_path / "gone.jsonl"), out)
    with pytest.raises(DataError, match="given twice"):
        run_scan(job(bundle_folder, good, good), out)
    with pytest.raises(OperatingPointError, match="strict, balanced, lenient"):
        GuardSource.of(bundle_folder, "odd")
    assert not out.exists()


def test_files_of_one_name_are_told_apart_by_their_paths(
    bundle_folder: Path, tmp_path: Path
) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "a.jsonl", mixed_rows(1))
    data = [tmp_path / name / "a.jsonl" for name in ("x", "y")]
    found = scanned(bundle_folder, tmp_path / "out", *data)
    assert [e["file"] for e in found] == [path.as_posix() for path in data]


def test_a_place_that_cannot_be_a_folder_is_an_error(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", mixed_rows(1))
    with pytest.raises(OutputError, match="cannot write into"):
        run_scan(job(bundle_folder, data), data)


def test_a_file_that_grows_meanwhile_is_noticed(bundle_folder: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "a.jsonl", mixed_rows(300))

    def grow(_: Progress) -> None:
        with data.open("a") as file:
            file.write("{}\n")

    with pytest.raises(DataError, match="changed while it was read"):
        run_scan(job(bundle_folder, data), tmp_path / "out", grow)
    assert not (tmp_path / "out" / "scores.jsonl").exists()


def test_progress_reaches_the_end(bundle_folder: Path, tmp_path: Path) -> None:
    data = [save(tmp_path / f"{i}.jsonl", mixed_rows(90)) for i in range(2)]
    seen: list[Progress] = []
    run_scan(job(bundle_folder, *data), tmp_path / "out", seen.append)
    total = sum(path.stat().st_size for path in data)
    assert seen[-1] == Progress(total, total, 180, 180)
    assert [p.rows for p in seen] == sorted(p.rows for p in seen)
    assert [p.read for p in seen] == sorted(p.read for p in seen)


@pytest.mark.parametrize(
    ("rates", "limit", "alarm"),
    [
        (None, None, None),
        (None, 0.1, True),
        (None, 0.2, False),
        (Rates(1, 0), None, True),
        (Rates(1, 0), 0.3, False),
        (Rates(0.9, 0.2), None, False),
        (Rates(0.9, 0.02), None, True),
    ],
)
def test_the_alarm(
    bundle_folder: Path, tmp_path: Path, rates: Rates | None, limit: float | None, alarm: object
) -> None:
    """40 of 200 rows are flagged, at least 15 % and at most 26 % by Wilson's interval."""
    data = save(tmp_path / "a.jsonl", mixed_rows(200))
    asked = job(bundle_folder, data, rates=rates, alarm_share=limit)
    summary = run_scan(asked, tmp_path / "out")
    assert (summary["harmful"], summary["share"]["estimate"]) == (40, 0.2)
    assert summary["alarm"] is alarm
    assert (summary["corrected_share"] is None) == (rates is None)
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8")) == summary


def test_rows_wait_for_workers_and_not_in_memory(bundle_folder: Path, tmp_path: Path) -> None:
    """Constant memory: however long the file, a few chunks are on their way."""
    data = save(tmp_path / "a.jsonl", mixed_rows(2000))
    taken = count()
    asked = job(bundle_folder, data)
    inputs = _inputs(asked)
    rows = (row for row in _rows(inputs, asked) if next(taken) >= 0)
    pairs = ((chunk, len(chunk)) for chunk in chunked(rows))
    going = in_order(pairs, lambda count: [None] * count, list, ahead=4)
    next(going)
    assert next(taken) <= 4 * 32
    assert sum(len(chunk) for chunk, _ in going) == 2000 - 32


def test_long_rows_make_small_chunks(tmp_path: Path, bundle_folder: Path) -> None:
    data = save(tmp_path / "a.jsonl", [{"text": "hello " * 50_000}] * 20)
    asked = job(bundle_folder, data)
    chunks = list(chunked(_rows(_inputs(asked), asked)))
    assert max(len(chunk) for chunk in chunks) == 4
    assert sum(len(chunk) for chunk in chunks) == 20
