"""Golden vectors: written and read back, compared exactly, refused when malformed."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from runtime_helpers import tiny_vectors

from guardlet import Encoder
from guardlet.errors import ManifestError
from guardlet.vectors import Vector, dump_vectors, encoding_matches, parse_vectors


@pytest.fixture(scope="module")
def vectors() -> list[Vector]:
    return tiny_vectors()


def test_what_is_written_is_read_back(vectors: list[Vector]) -> None:
    assert parse_vectors(dump_vectors(vectors)) == vectors


def test_the_file_is_ascii_lines(vectors: list[Vector]) -> None:
    odd = replace(vectors[0], prompt="é\u2028\x00\ud800", response="\U0001f600\n")
    text = dump_vectors([odd, *vectors])
    assert text.isascii()
    assert text.count("\n") == len(vectors) + 1
    assert parse_vectors(text)[0] == odd


def test_only_a_newline_ends_a_line(vectors: list[Vector]) -> None:
    prompt = "a\u2028b\u2029c\x85d"
    line = json.dumps(asdict(vectors[0]) | {"prompt": prompt}, ensure_ascii=False)
    assert [vector.prompt for vector in parse_vectors(f"{line}\r\n\n{line}")] == [prompt] * 2


def test_no_lines_are_no_vectors() -> None:
    assert parse_vectors("") == parse_vectors("\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "null",
        "1",
        "{}",
        '{"id": 1}',
        "[" * 100_000,
        "9" * 5000,
        " \t",
    ],
)
def test_a_line_that_is_no_vector_is_named(vectors: list[Vector], line: str) -> None:
    with pytest.raises(ManifestError, match="line 3 is malformed"):
        parse_vectors(dump_vectors(vectors[:2]) + line + "\n" + dump_vectors(vectors))


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"windows": None},
        {"windows": 3},
        {"windows": [{"ids": [1]}]},
        {"windows": [{"ids": 1, "type_ids": [0]}]},
        {"windows": [{"ids": ["x"], "type_ids": [0]}]},
        {"windows": ["ids"]},
        {"logits": 1},
        {"logits": [1]},
        {"logits": [["x"]]},
        {"score": None},
        {"score": "high"},
        {"score": float("nan")},
        {"score": float("inf")},
        {"verdicts": None},
        {"verdicts": ["balanced"]},
        {"verdicts": {"strict": "safe"}},
    ],
)
def test_a_field_of_the_wrong_shape_is_refused(
    vectors: list[Vector], change: dict[str, Any]
) -> None:
    line = json.dumps(asdict(vectors[0]) | change)
    with pytest.raises(ManifestError, match="line 1 is malformed") as caught:
        parse_vectors(line)
    assert vectors[0].prompt not in str(caught.value)


@pytest.mark.parametrize("key", list(Vector.__dataclass_fields__))
def test_no_field_may_be_missing(vectors: list[Vector], key: str) -> None:
    tree = asdict(vectors[0])
    del tree[key]
    with pytest.raises(ManifestError, match="line 1 is malformed"):
        parse_vectors(json.dumps(tree))


def test_the_encoding_recorded_matches(vectors: list[Vector], encoder: Encoder) -> None:
    for vector in vectors:
        assert encoding_matches(vector, encoder.encode(vector.prompt, vector.response))


def test_any_difference_is_seen(vectors: list[Vector], encoder: Encoder) -> None:
    vector = vectors[2]
    encoding = encoder.encode(vector.prompt, vector.response)
    (window,) = vector.windows
    ids, types = window["ids"], window["type_ids"]
    for other in (
        replace(vector, judged="prompt"),
        replace(vector, tokens=vector.tokens + 1),
        replace(vector, truncated=True),
        replace(vector, language_supported=False),
        replace(vector, windows=()),
        replace(vector, windows=(window, window)),
        replace(vector, windows=({"ids": (*ids[:-1], 0), "type_ids": types},)),
        replace(vector, windows=({"ids": ids[:-1], "type_ids": types[:-1]},)),
        replace(vector, windows=({"ids": ids, "type_ids": (1, *types[1:])},)),
    ):
        assert not encoding_matches(other, encoding)
