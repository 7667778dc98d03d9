"""Rows of files, one at a time and with their place."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guardlet.errors import DataError
from guardlet.scan import sources
from guardlet.scan.sources import records


def values(path: Path) -> list[tuple[int, Any]]:
    return [(record.line, record.value) for record in records(path)]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_json_lines_keep_their_numbers_and_their_bytes(tmp_path: Path, name: str) -> None:
    lines = [b"\xef\xbb\xbf{}", b"", b'{"a": "\xc3\xa9"}\r', b"{torn", b'  {"b":1} ']
    path = write(tmp_path / name, b"\n".join(lines))
    found = list(records(path))
    assert [(r.line, r.value) for r in found] == [
        (1, {}),
        (3, {"a": "é"}),
        (4, None),
        (5, {"b": 1}),
    ]
    assert [r.copy() for r in found] == [b"{}", lines[2][:-1], lines[3], lines[4]]
    assert all(0 < r.offset <= path.stat().st_size for r in found)


def test_broken_bytes_are_read_as_such_and_copied_as_they_are(tmp_path: Path) -> None:
    (record,) = records(write(tmp_path / "a.jsonl", b'{"text": "kill \xff"}\n'))
    assert record.value == {"text": "kill �"}
    assert record.copy() == b'{"text": "kill \xff"}'


@pytest.mark.parametrize("line", [b"[" * 100_000, b"1" * 5000, b"\x00\x00", b"nul"])
def test_lines_that_are_no_json_are_unreadable(tmp_path: Path, line: bytes) -> None:
    assert values(write(tmp_path / "a.jsonl", line + b"\n{}\n")) == [(1, None), (2, {})]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_line_too_long_to_hold_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sources, "LONGEST_ROW", 10)
    path = write(tmp_path / name, b'{"a": 12}\n{"a": 123}\n' + b"x" * 35 + b"\n{}\n" + b"y" * 30)
    assert values(path) == [(1, {"a": 12}), (2, None), (3, None), (4, {}), (5, None)]


def test_csv_rows_are_numbered_by_where_they_begin(tmp_path: Path) -> None:
    text = '\ufeffprompt,response\r\n"two\nlines","a ""quote"""\r\n\r\nhi,ho\r\na,b,c\r\nalone\r\n'
    path = write(tmp_path / "a.csv", text.encode())
    assert values(path) == [
        (2, {"prompt": "two\nlines", "response": 'a "quote"'}),
        (5, {"prompt": "hi", "response": "ho"}),
        (6, None),
        (7, {"prompt": "alone"}),
    ]


def test_long_csv_fields_are_read_and_the_module_is_left_as_it_was(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    path = write(tmp_path / "a.csv", b"text\n" + b"x" * (limit + 1) + b"\n")
    assert len(values(path)[0][1]["text"]) == limit + 1
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("content", [b'text\nok\n"never ends\n' * 2, b'text\n"a"b\n'])
def test_csv_that_is_not_well_formed_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.csv:\d+: .*not well-formed") as caught:
        values(write(tmp_path / "a.csv", content))
    assert "never" not in str(caught.value)


def test_a_csv_line_too_long_to_hold_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LONGEST_ROW", 10)
    with pytest.raises(DataError, match="has a line of over"):
        values(write(tmp_path / "a.csv", b"text\n" + b"x" * 30))


def test_parquet_rows_come_with_lists_and_nothing_but_a_group_is_held(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    chat = [{"role": "user", "content": "hi"}]
    rows = [{"messages": chat, "n": i, "when": None} for i in range(150)]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=40)
    found = list(records(path))
    assert [r.line for r in found] == list(range(1, 151))
    assert [r.value for r in found] == rows
    assert json.loads(found[3].copy()) == rows[3]
    assert found[-1].offset == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.parquet", b"PAR1 no"), ("a.parquet", b""), ("a.jsonl.gz", b"")],
)
def test_broken_files_are_an_error(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content or b"\x1f\x8b\x08")
    with pytest.raises(DataError, match="cannot read"):
        values(path)


def test_files_of_other_kinds_are_named_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="jq -c"):
        values(tmp_path / "alpaca.json")
    with pytest.raises(DataError, match=r"none of \.jsonl"):
        values(tmp_path / "a.txt")


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.csv"])
def test_a_file_is_not_read_ahead_of_its_rows(tmp_path: Path, name: str) -> None:
    """Constant memory: after the first row nearly all of the file is still unread."""
    line = b'{"text": "%d"}\n' if "json" in name else b"%d\n"
    content = b"".join(line % (i * 7919**4) for i in range(100_000))
    path = write(tmp_path / name, content if "json" in name else b"text\n" + content)
    rows: Iterator[Any] = records(path)
    assert next(rows).offset < path.stat().st_size / 2
    assert sum(1 for _ in rows) == 99_999
