"""A scan that was stopped: each row once, in order, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import SCRIPT
from folders import contents
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime_helpers import write_tiny
from scan_helpers import job, mixed_rows, save

from guardlet.errors import OutputError
from guardlet.scan import Progress, Rates, run_scan
from guardlet.scan.folder import scan_folder

ROWS = 100


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = mixed_rows(ROWS)
    return save(tmp_path_factory.mktemp("data") / "a.jsonl", [*rows[:50], b"{torn", *rows[50:]])


@pytest.fixture(scope="module")
def whole(bundle_folder: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed scan; tests must not alter it."""
    out = tmp_path_factory.mktemp("scan") / "whole"
    run_scan(job(bundle_folder, data), out)
    return out


class StoppedError(Exception):
    pass


def stop(_: Progress) -> None:
    raise StoppedError


def as_if_killed(whole: Path, out: Path, scores: int, flagged: int) -> None:
    """A folder in which that many bytes of each file were written, and nothing was renamed."""
    out.mkdir()
    (out / "scan.json").write_bytes((whole / "scan.json").read_bytes())
    for name, size in (("scores.jsonl", scores), ("flagged.jsonl", flagged)):
        (out / f"{name}.partial").write_bytes((whole / name).read_bytes()[:size])


def test_it_goes_on_where_it_was(
    bundle_folder: Path, data: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(StoppedError):
        run_scan(job(bundle_folder, data), out, stop)
    assert sorted(path.name for path in out.iterdir()) == [
        "flagged.jsonl.partial",
        "scan.json",
        "scores.jsonl.partial",
    ]
    seen: list[Progress] = []
    run_scan(job(bundle_folder, data), out, seen.append)
    assert (seen[-1].rows, seen[-1].new) == (ROWS + 1, ROWS + 1 - 32)
    assert contents(out) == contents(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.floats(0, 1), st.floats(0, 1))
def test_torn_lines_are_repaired_wherever_the_writing_stopped(
    bundle_folder: Path,
    data: Path,
    whole: Path,
    tmp_path_factory: pytest.TempPathFactory,
    scores: float,
    flagged: float,
) -> None:
    """Power may fail with any part of either file on the disk."""
    out = tmp_path_factory.mktemp("torn") / "out"
    sizes = [(whole / name).stat().st_size for name in ("scores.jsonl", "flagged.jsonl")]
    as_if_killed(whole, out, round(scores * sizes[0]), round(flagged * sizes[1]))
    run_scan(job(bundle_folder, data), out)
    assert contents(out) == contents(whole)


@pytest.mark.parametrize(
    "tail", [b"\0" * 50, b"\0" * 50 + b"\n", b'{"file": "a.jsonl"}\n', b"[]\n"]
)
def test_garbage_after_the_last_row_is_cut_away(
    bundle_folder: Path, data: Path, whole: Path, tmp_path: Path, tail: bytes
) -> None:
    as_if_killed(whole, tmp_path / "out", 10**9, 10**9)
    with (tmp_path / "out" / "scores.jsonl.partial").open("ab") as file:
        file.write(tail)
    run_scan(job(bundle_folder, data), tmp_path / "out")
    assert contents(tmp_path / "out") == contents(whole)


@pytest.mark.parametrize("renamed", [("flagged.jsonl",), ("flagged.jsonl", "scores.jsonl")])
def test_a_kill_between_the_last_renames_is_repaired(
    bundle_folder: Path, data: Path, whole: Path, tmp_path: Path, renamed: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    as_if_killed(whole, out, 10**9, 10**9)
    (out / "summary.json.partial").write_text("{")
    for name in renamed:
        (out / f"{name}.partial").rename(out / name)
    run_scan(job(bundle_folder, data), out)
    assert contents(out) == contents(whole)


def test_a_kill_before_the_first_row_is_repaired(
    bundle_folder: Path, data: Path, whole: Path, tmp_path: Path
) -> None:
    (tmp_path / "scan.json.partial").write_text("{")
    run_scan(job(bundle_folder, data), tmp_path)
    assert contents(tmp_path) == contents(whole)


def test_a_complete_scan_gets_another_alarm_without_judging_again(
    bundle_folder: Path, data: Path, tmp_path: Path
) -> None:
    first = run_scan(job(bundle_folder, data), tmp_path / "out")
    asked = job(bundle_folder, data, rates=Rates(0.9, 0.01), workers=2)
    second = run_scan(asked, tmp_path / "out", stop)
    assert (first["alarm"], second["alarm"]) == (None, True)
    assert first["share"] == second["share"] and first["inputs"] == second["inputs"]
    run_scan(job(bundle_folder, data), tmp_path / "again")
    assert contents(tmp_path / "again") == contents(tmp_path / "out") | {
        "summary.json": (tmp_path / "again" / "summary.json").read_bytes()
    }


def edited(path: Path, data: Path) -> Path:
    return save(path / data.name, [*mixed_rows(ROWS), {"text": "more"}])


def test_the_folder_of_another_scan_is_refused(
    bundle_folder: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(StoppedError):
        run_scan(job(bundle_folder, data), out, stop)
    before = contents(out)
    write_tiny(tmp_path / "newer", version="1.2.4")
    others = {
        "inputs": job(bundle_folder, edited(tmp_path, data)),
        "bundle, manifest_sha256": job(tmp_path / "newer", data),
        "text_fields": job(bundle_folder, data, text_fields=("prompt",)),
        "answers_only": job(bundle_folder, data, answers_only=True),
    }
    for what, other in others.items():
        with pytest.raises(OutputError, match=rf"another scan \(other {what}\)"):
            run_scan(other, out)
    assert contents(out) == before


@pytest.mark.parametrize("name", ["notes.txt", "scores.jsonl", "summary.json"])
def test_a_folder_with_anything_else_in_it_is_refused(
    bundle_folder: Path, data: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match="holds other files"):
        run_scan(job(bundle_folder, data), tmp_path)
    assert contents(tmp_path) == {name: b"mine"}


def test_two_scans_cannot_share_a_folder(bundle_folder: Path, data: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")

    def intrude(_: Progress) -> None:
        with pytest.raises(OutputError, match="another scan is writing"):
            run_scan(job(bundle_folder, data), tmp_path / "out")
        raise StoppedError

    with pytest.raises(StoppedError):
        run_scan(job(bundle_folder, data), tmp_path / "out", intrude)


def test_an_altered_result_is_noticed(bundle_folder: Path, data: Path, tmp_path: Path) -> None:
    run_scan(job(bundle_folder, data), tmp_path / "out")
    with (tmp_path / "out" / "scores.jsonl").open("ab") as file:
        file.write(b"{")
    with pytest.raises(OutputError, match="was altered"):
        run_scan(job(bundle_folder, data), tmp_path / "out")


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(SCRIPT), "scan", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True)
    return [int(word) for word in listed.stdout.split()]


def until(true: Callable[[], Any]) -> None:
    """A hang ends in a failure; nothing is said about speed."""
    for _ in range(6000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("it never came to that")


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.is_file() and state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes through /proc")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_command_goes_on(bundle_folder: Path, tmp_path: Path, workers: int) -> None:
    data = save(tmp_path / "a.jsonl", [r | {"pad": "x" * 50} for r in mixed_rows(4000)])
    arguments = [str(data), "--bundle", str(bundle_folder), "--workers", str(workers), "-o"]
    out = tmp_path / "out"
    partial = out / "scores.jsonl.partial"
    size = 0
    for _ in range(2):
        running = start([*arguments, str(out)])
        until(lambda size=size: partial.is_file() and partial.stat().st_size > size + 20_000)
        workers_left = children_of(running.pid)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
        until(lambda left=workers_left: all(map(is_gone, left)))
        assert not (out / "summary.json").exists()
        size = partial.stat().st_size
    assert start([*arguments, str(out)]).wait() == 0
    run_scan(job(bundle_folder, data), tmp_path / "undisturbed")
    assert contents(out) == contents(tmp_path / "undisturbed")
    lines = [json.loads(line)["line"] for line in (out / "scores.jsonl").open()]
    assert lines == list(range(1, 4001))


def test_opening_the_folder_tells_the_disks_refusal(tmp_path: Path) -> None:
    from guardlet.scan.entries import Tally

    with (
        pytest.raises(OutputError, match="No space left"),
        scan_folder(tmp_path / "out", {}, Tally(())),
    ):
        raise OSError(28, "No space left on device")
