"""Reading and writing rows: formats, errors, and what an error never says."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from training_helpers import made_up_rows

from guardlet.errors import DataError
from guardlet_training.rows import Row, dataset_name, load_rows, parse_record, write_rows

SECRET = "a-text-no-error-may-show"

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
ROWS = st.builds(
    Row,
    id=TEXT,
    prompt=TEXT,
    response=st.none() | TEXT,
    label=st.sampled_from([0, 1, None]),
    soft_label=st.none() | st.floats(0, 1),
    category=st.none() | TEXT,
    source=st.none() | TEXT,
    license=st.none() | TEXT,
    extra=st.dictionaries(st.sampled_from(["lang", "extra", "x y"]), TEXT),
)


def write_lines(path: Path, *lines: str) -> str:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return str(path)


def good_line(**keys: Any) -> str:
    return json.dumps({"prompt": "fine", "label": 0} | keys)


def gzip_rows(path: Path, count: int = 200) -> bytes:
    plain = path.with_name("plain.txt")
    write_rows(plain, made_up_rows(count))
    return gzip.compress(plain.read_bytes())


def assert_error_hides_text(source: str, where: str) -> None:
    with pytest.raises(DataError) as caught:
        load_rows(source)
    assert where in str(caught.value)
    assert SECRET not in str(caught.value)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(ROWS, max_size=4))
def test_written_rows_are_read_back(tmp_path: Path, rows: list[Row]) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, rows)
    assert load_rows(str(path)) == rows
    assert not list(tmp_path.glob("*.partial"))


def test_a_row_with_a_lone_surrogate_can_be_written_again(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "in.jsonl", '{"id": "a", "prompt": "\\ud800", "label": 0}')
    rows = load_rows(source)
    write_rows(tmp_path / "out.jsonl", rows)
    assert [row.id for row in load_rows(str(tmp_path / "out.jsonl"))] == ["a"]


def test_gzip_and_folder(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress((good_line(id="second") + "\n").encode()))
    write_lines(tmp_path / "a.jsonl", good_line(id="first"), "", "   ")
    write_lines(tmp_path / "notes.txt", "not data")
    assert [row.id for row in load_rows(str(tmp_path))] == ["first", "second"]
    assert [row.id for row in load_rows(str(tmp_path / "b.jsonl.gz"))] == ["second"]


def test_id_defaults_to_file_and_line(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "rows.jsonl", "", good_line())
    assert load_rows(source)[0].id == f"{source}:2"


@pytest.mark.parametrize(
    "bad",
    [
        f'{{"prompt": "{SECRET}"',
        f'["{SECRET}"]',
        f'"{SECRET}"',
        json.dumps({"prompt": [SECRET]}),
        json.dumps({"response": SECRET}),
        good_line(prompt=SECRET, response=3),
        good_line(prompt=SECRET, label=2),
        good_line(prompt=SECRET, label=SECRET),
        good_line(prompt=SECRET, soft_label=1.5),
        good_line(prompt=SECRET, soft_label=float("nan")),
        good_line(prompt=SECRET, soft_label=SECRET),
    ],
)
def test_malformed_row_names_file_and_line_only(tmp_path: Path, bad: str) -> None:
    source = write_lines(tmp_path / "rows.jsonl", good_line(), good_line(), bad)
    assert_error_hides_text(source, f"{source}:3")


@pytest.mark.parametrize(
    "bad",
    [
        f'{{"prompt": "{SECRET}", "label": {"1" * 5000}}}',
        f'{{"prompt": "{SECRET}", "x": {"[" * 100_000}',
    ],
    ids=["huge number", "deep nesting"],
)
def test_hostile_json_is_a_data_error(tmp_path: Path, bad: str) -> None:
    source = write_lines(tmp_path / "rows.jsonl", bad)
    assert_error_hides_text(source, f"{source}:1")


@pytest.mark.parametrize("key", ["label", "soft_label"])
def test_a_boolean_is_not_a_label(key: str) -> None:
    with pytest.raises(DataError):
        parse_record({"prompt": "x", key: True}, "here")


@pytest.mark.parametrize("key", ["id", "category", "source", "license"])
def test_other_known_keys_must_be_strings(key: str) -> None:
    with pytest.raises(DataError):
        parse_record({"prompt": "x", "label": 0, key: 7}, "here")


def test_torn_gzip(tmp_path: Path) -> None:
    torn = tmp_path / "rows.jsonl.gz"
    torn.write_bytes(gzip_rows(torn)[:-40])
    assert_error_hides_text(str(torn), str(torn))


def test_gzip_with_damaged_bytes(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    packed = bytearray(gzip_rows(path))
    packed[10:60] = b"\xff" * 50
    path.write_bytes(packed)
    assert_error_hides_text(str(path), str(path))


def test_not_gzip_and_not_utf8(tmp_path: Path) -> None:
    for name in ("rows.jsonl.gz", "rows.jsonl"):
        path = tmp_path / name
        path.write_bytes(b'{"prompt": "\xff\xfe"}\n')
        assert_error_hides_text(str(path), str(path))


def test_missing_file_and_empty_folder(tmp_path: Path) -> None:
    assert_error_hides_text(str(tmp_path / "gone.jsonl"), "gone.jsonl")
    assert_error_hides_text(str(tmp_path), str(tmp_path))


def test_hub_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(name: str, config: str | None, split: str) -> list[dict[str, Any]]:
        assert config is None
        if name == "owner/none":
            raise ConnectionError("offline")
        return [{"prompt": split, "label": 1}, {"prompt": None}][: 1 + (name == "owner/bad")]

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=fake))
    assert load_rows("hf://owner/good", split="test")[0].prompt == "test"
    assert_error_hides_text("hf://owner/bad", "hf://owner/bad[1]")
    assert_error_hides_text("hf://owner/none", "hf://owner/none")


def test_target() -> None:
    assert Row("a", "p", label=0, soft_label=0.9).target == 0
    assert [Row("a", "p", soft_label=s).target for s in (0.49, 0.5)] == [0, 1]
    with pytest.raises(DataError, match="row a"):
        _ = Row("a", SECRET).target


def test_dataset_name() -> None:
    assert dataset_name(Path("dir/beavertails.jsonl.gz")) == "beavertails"
    assert dataset_name(Path("toxic.jsonl")) == "toxic"


@settings(max_examples=150, deadline=None)
@given(
    record=JSON
    | st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("id", "prompt", "response", "label", "soft_label", "z"), JSON)
    )
    | st.fixed_dictionaries({"prompt": TEXT}, optional={"label": JSON, "soft_label": JSON})
)
def test_parse_record_gives_a_row_or_a_data_error(record: Any) -> None:
    try:
        row = parse_record(record, "file:7")
    except DataError as error:
        assert str(error).startswith("file:7: ")
        return
    assert row.prompt == record["prompt"]
    assert row.label in (0, 1, None)
    assert row.soft_label is None or 0 <= row.soft_label <= 1
    assert set(row.extra) == set(record) - (set(Row.__dataclass_fields__) - {"extra"})
