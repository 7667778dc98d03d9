"""Stages that are killed, starved of disk, spread over workers, and asked the wrong thing."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stage_helpers
from folders import contents
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage_helpers import Triples, items, triples

from guardlet.errors import DataError, EngineError, OutputError, TeacherError
from guardlet_training.augment.folder import stage_rows
from guardlet_training.augment.stage import Item, ItemRows, run_stage

FILES = ["report.json", "rows.jsonl", "run.json"]
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is an extra")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run; tests must not alter it."""
    out = tmp_path_factory.mktemp("stage") / "whole"
    triples(out)
    return out


def test_every_item_gives_its_rows_in_order(whole: Path) -> None:
    assert sorted(contents(whole)) == FILES
    assert [row["id"] for row in stage_rows(whole)] == [
        f"item-{n:04}-{k}" for n in range(50) for k in range(3)
    ]
    assert json.loads((whole / "run.json").read_text()) == {
        "seed": 1,
        "rows_per_item": 3,
        "chunk": 4,
    }
    assert json.loads((whole / "report.json").read_text()) == {"items": 50, "rows": 150}


def test_a_complete_stage_does_nothing(whole: Path) -> None:
    before = contents(whole)
    report = triples(whole, source=Triples(fail_at="item-0000"))
    assert (report.items, report.rows, report.new) == (50, 150, 0)
    assert contents(whole) == before


def test_an_error_keeps_the_rows_before_it(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(TeacherError, match="went away"):
        triples(out, source=Triples(fail_at="item-0021"))
    assert sorted(contents(out)) == ["rows.jsonl.partial", "run.json"]
    kept = (out / "rows.jsonl.partial").read_bytes()
    assert kept.count(b"\n") == 60 and (whole / "rows.jsonl").read_bytes().startswith(kept)
    report = triples(out)
    assert (report.rows, report.new) == (150, 90)
    assert contents(out) == contents(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(share=st.floats(0, 1), tail=st.sampled_from([b"", b"\0" * 9, b"\0\n", b"[]\n", b'{"a": 1']))
def test_a_torn_file_is_repaired(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, share: float, tail: bytes
) -> None:
    out = tmp_path_factory.mktemp("torn")
    text = (whole / "rows.jsonl").read_bytes()
    (out / "run.json").write_bytes((whole / "run.json").read_bytes())
    (out / "rows.jsonl.partial").write_bytes(text[: round(share * len(text))] + tail)
    triples(out)
    assert contents(out) == contents(whole)


def test_a_kill_between_rows_and_report_only_calls_finish_again(
    whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def fail(folder: Path) -> Mapping[str, Any]:
        raise TeacherError("not now")

    def count(folder: Path) -> Mapping[str, Any]:
        return {"first": sum(row["id"].endswith("-0") for row in stage_rows(folder))}

    with pytest.raises(TeacherError):
        triples(out, finish=fail)
    assert sorted(contents(out)) == ["rows.jsonl", "run.json"]
    (out / "report.json.partial").write_text("{")
    report = triples(out, source=Triples(fail_at="item-0000"), finish=count)
    assert (report.new, report.figures) == (0, {"items": 50, "rows": 150, "first": 50})
    assert (out / "rows.jsonl").read_bytes() == (whole / "rows.jsonl").read_bytes()
    assert sorted(contents(out)) == FILES


def test_no_items_make_an_empty_file(tmp_path: Path) -> None:
    assert triples(tmp_path / "out", 0).rows == 0
    assert (tmp_path / "out" / "rows.jsonl").read_bytes() == b""


def test_another_run_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(TeacherError):
        triples(out, source=Triples(fail_at="item-0021"))
    before = contents(out)
    for what, options in {
        "seed": {"identity": {"seed": 2}},
        "seed, k": {"identity": {"k": 3}},
        "chunk": {"chunk": 5},
    }.items():
        with pytest.raises(OutputError) as caught:
            triples(out, **options)
        named = set(str(caught.value).split("(other ")[1].split(")")[0].split(", "))
        assert named == set(what.split(", "))
    (out / "mine.txt").touch()
    (out / "run.json").unlink()
    with pytest.raises(OutputError, match="holds other files"):
        triples(out)
    assert (out / "rows.jsonl.partial").read_bytes() == before["rows.jsonl.partial"]


@pytest.mark.parametrize("name", ["rows.jsonl", "report.json"])
def test_an_altered_result_is_noticed(tmp_path: Path, name: str) -> None:
    triples(tmp_path / "out")
    with (tmp_path / "out" / name).open("ab") as file:
        file.write(b"{}\n")
    with pytest.raises(OutputError, match="was altered"):
        triples(tmp_path / "out")


@pytest.mark.parametrize(
    ("bad", "message"), [({}, "no"), ({"id": 3}, "no"), ({"id": "item-0000"}, "earlier")]
)
def test_items_need_ids_of_their_own(tmp_path: Path, bad: Item, message: str) -> None:
    asked: dict[str, Any] = {"identity": {}, "rows_per_item": 3, "title": "t"}
    with pytest.raises(DataError, match=f"item 6 has {message}|item 6 has the id"):
        run_stage([*items(5), bad], Triples(), tmp_path / "out", **asked)


class Missing:
    """A source whose model is not there."""

    @contextmanager
    def open(self) -> Iterator[Callable[[Sequence[Item]], list[ItemRows]]]:
        raise FileNotFoundError(2, "No such file or directory", "model.safetensors")
        yield lambda _: []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_a_worker_lacks_is_not_blamed_on_the_folder(tmp_path: Path, workers: int) -> None:
    asked: dict[str, Any] = {"identity": {}, "rows_per_item": 3, "title": "t", "workers": workers}
    with pytest.raises(EngineError, match="a worker failed: No such file"):
        run_stage(items(3), Missing(), tmp_path / "out", **asked)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing_and_are_closed(whole: Path, tmp_path: Path, workers: int) -> None:
    source = Triples(closed=tmp_path / "closed")
    triples(tmp_path / "out", source=source, workers=workers)
    assert contents(tmp_path / "out") == contents(whole)
    assert (tmp_path / "closed").exists()


@needs_ray
@pytest.mark.slow
def test_two_workers_on_ray_change_nothing(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when one of them dies, once, while it works: it is replaced."""
    helpers = str(Path(stage_helpers.__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([helpers, os.environ.get("PYTHONPATH", "")]))
    source = Triples(die_at="item-0021", died=tmp_path / "died", closed=tmp_path / "closed")
    triples(tmp_path / "out", source=source, workers=2, engine="ray")
    assert contents(tmp_path / "out") == contents(whole)
    assert (tmp_path / "died").exists() and (tmp_path / "closed").exists()
    with pytest.raises(TeacherError, match="went away"):
        triples(tmp_path / "f", source=Triples(fail_at="item-0021"), workers=2, engine="ray")
    triples(tmp_path / "f")
    assert contents(tmp_path / "f") == contents(whole)


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """No file of this process may grow beyond `limit` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.93])
def test_a_full_disk_keeps_finished_rows(whole: Path, tmp_path: Path, share: float) -> None:
    out = tmp_path / "out"
    size = (whole / "rows.jsonl").stat().st_size
    refused = pytest.raises(OutputError, match=r"cannot write into .*: File too large")
    with refused, small_files(round(share * size)):
        triples(out)
    kept = (out / "rows.jsonl.partial").read_bytes()
    assert (whole / "rows.jsonl").read_bytes().startswith(kept)
    assert kept.count(b"\n") >= round(share * 150) - 12
    assert triples(out).new <= 150 - kept.count(b"\n") + 12
    assert contents(out) == contents(whole)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_process_goes_on(tmp_path: Path, workers: int) -> None:
    count = 400
    out = tmp_path / "out"
    command = [sys.executable, stage_helpers.__file__, str(out), str(count), str(workers)]
    rng = random.Random(workers)
    killed = 0
    while killed < 200:
        running = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
        _wait_for_rows(out, running)
        time.sleep(rng.random() * 0.1)
        running.send_signal(signal.SIGKILL)
        assert running.stderr is not None
        output = running.communicate()[1].decode()
        if running.returncode == 0:
            break
        assert running.returncode == -signal.SIGKILL, output
        killed += 1
    assert killed >= 2
    triples(tmp_path / "undisturbed", count)
    assert contents(out) == contents(tmp_path / "undisturbed")


def _wait_for_rows(out: Path, running: subprocess.Popen[bytes]) -> None:
    """Until the process has added a row, or ended."""
    partial = out / "rows.jsonl.partial"

    def size() -> int:
        return partial.stat().st_size if partial.exists() else -1

    before = size()
    while running.poll() is None and size() <= max(before, 0) and not (out / FILES[0]).exists():
        os.sched_yield()
        time.sleep(0.002)
