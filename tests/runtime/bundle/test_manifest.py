"""guardlet.json: what is written is read back, and whatever else it says is refused by name."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from tree_helpers import Keys, at, places, put

from guardlet.bundle import MANIFEST_FILE
from guardlet.bundle.manifest import dump_manifest, parse_manifest
from guardlet.errors import BundleError, FormatVersionError, ManifestError

ADVICE = "get the bundle again or export it again"
FREE = ("provenance", "requires", "parity", "operating_points")
OPTIONAL = {"response_bias"}


@pytest.fixture
def tree(manifest_text: str) -> Any:
    return json.loads(manifest_text)


def refused(text: str, error: type[BundleError] = ManifestError) -> str:
    with pytest.raises(error) as caught:
        parse_manifest(text)
    assert type(caught.value) is error
    if error is ManifestError:
        assert str(caught.value).startswith(f"{MANIFEST_FILE}: ")
        assert str(caught.value).endswith(ADVICE)
        assert len(str(caught.value)) < 500
    return str(caught.value)


def test_what_is_written_is_read_back(manifest_text: str) -> None:
    manifest = parse_manifest(manifest_text)
    assert dump_manifest(manifest) == manifest_text
    assert parse_manifest(dump_manifest(manifest)) == manifest
    assert manifest.description == "A tiny guard für tests."
    assert [file.path for file in manifest.files] == [
        "tokenizer.json",
        "vectors.jsonl",
        "README.md",
        "onnx/model.onnx",
    ]
    assert manifest.artifacts[0].size == manifest.artifacts[0].files[0].bytes


@pytest.mark.parametrize(
    ("version", "advice"), [(2, "update guardlet"), (0, "export the bundle"), (-1, "export")]
)
def test_another_format_says_what_to_update(tree: Any, version: int, advice: str) -> None:
    assert advice in refused(
        json.dumps(put(tree, ("format_version",), version)), FormatVersionError
    )


def test_another_format_is_named_before_its_unknown_keys() -> None:
    refused('{"format_version": 9, "whatever": []}', FormatVersionError)


@pytest.mark.parametrize("version", ["1", 1.0, 1.5, True, False, None, [1], {}])
def test_a_format_version_is_an_integer(tree: Any, version: Any) -> None:
    message = refused(json.dumps(put(tree, ("format_version",), version)))
    assert "no integer format_version" in message


@pytest.mark.parametrize("text", ["null", "[]", "1", '"x"', "{}", "true"])
def test_a_manifest_is_an_object_with_a_format(text: str) -> None:
    assert "no integer format_version" in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "{]",
        "\ufeff{}",
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 1} 2',
        "NaN",
        "[" * 200_000,
        '{"a":' * 200_000,
        "9" * 5000,
        '{"format_version": 1' + "0" * 5000 + "}",
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    assert "not valid JSON" in refused(text)


def test_deep_nesting_is_refused_at_any_depth(tree: Any) -> None:
    """Python gives up at a depth that depends on the caller: reading, checking and telling do."""
    for path in (("score", "aggregation"), ("name",), ("labels", "names")):
        before, after = json.dumps(put(tree, path, "DEEP")).split('"DEEP"')
        for depth in (*range(2, 1000, 7), 10_000):
            refused(before + "[" * depth + "]" * depth + after)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize(
    "path",
    [
        ("score", "temperature"),
        ("score", "response_bias"),
        ("score", "operating_points", "balanced", "threshold"),
        ("score", "operating_points", "strict", "controversial"),
        ("input", "max_tokens"),
        ("tokenizer", "bytes"),
    ],
)
def test_a_number_is_finite(tree: Any, path: Keys, number: str) -> None:
    refused(json.dumps(put(tree, path, "NUMBER")).replace('"NUMBER"', number))


@pytest.mark.parametrize("key", ["name", "tokenizer", "score"])
def test_a_key_given_twice_is_refused(tree: Any, key: str) -> None:
    again = json.dumps({key: tree[key]})[1:-1]
    assert "same key twice" in refused(json.dumps(tree)[:-1] + ", " + again + "}")


def objects(tree: Any) -> list[Keys]:
    """Paths of the objects whose keys are fixed."""
    return [
        path
        for path in places(tree)
        if isinstance(at(tree, path), dict) and not (path and path[-1] in FREE)
    ]


def test_no_object_takes_a_key_it_does_not_know(tree: Any) -> None:
    assert len(objects(tree)) > 10
    for path in objects(tree):
        message = refused(json.dumps(put(tree, (*path, "surprise"), 1)))
        assert "'surprise' was unexpected" in message


def test_no_object_does_without_one_of_its_keys(tree: Any) -> None:
    for path in objects(tree):
        for key in at(tree, path).keys() - OPTIONAL:
            changed = copy.deepcopy(tree)
            del at(changed, path)[key]
            message = refused(json.dumps(changed))
            assert key in message


def test_without_a_response_bias_there_is_none(tree: Any) -> None:
    tree["score"]["response_bias"] = -1.5
    assert parse_manifest(json.dumps(tree)).score.response_bias == -1.5
    del tree["score"]["response_bias"]
    assert parse_manifest(json.dumps(tree)).score.response_bias == 0.0


@pytest.mark.parametrize("name", ["strict", "balanced", "lenient"])
def test_every_bundle_has_the_three_operating_points(tree: Any, name: str) -> None:
    del tree["score"]["operating_points"][name]
    assert name in refused(json.dumps(tree))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "Tiny Guard"),
        (("name",), "tiny\n"),
        (("version",), "1.2"),
        (("version",), "\u0661.2.3"),
        (("languages",), []),
        (("labels", "names"), ["harmful"]),
        (("labels", "harmful"), 2),
        (("labels", "harmful"), -1),
        (("labels", "harmful"), True),
        (("labels", "harmful"), 1.0),
        (("input", "max_tokens"), 16.0),
        (("input", "max_tokens"), 10**9),
        (("input", "stride"), 9),
        (("input", "prompt_budget"), 10),
        (("input", "max_windows"), 10**6),
        (("input", "max_chars"), 1 << 30),
        (("input", "start"), []),
        (("input", "start"), [2] * 9),
        (("input", "start"), ["[CLS]"]),
        (("input", "end"), [10**30]),
        (("input", "response_type"), 2),
        (("input", "language"), True),
        (("input", "language"), {}),
        (("input", "language", "min_tokens"), 1),
        (("input", "language", "min_tokens"), 8.0),
        (("input", "language", "max_foreign"), 1.5),
        (("input", "language", "max_continuations"), -0.1),
        (("score", "temperature"), 0),
        (("score", "temperature"), 1e-300),
        (("score", "temperature"), -1),
        (("score", "temperature"), 1e300),
        (("score", "response_bias"), 100.5),
        (("score", "response_bias"), "0"),
        (("score", "response_bias"), None),
        (("score", "aggregation"), "mean"),
        (("score", "operating_points", "strict", "threshold"), 1.1),
        (("score", "operating_points", "strict", "threshold"), -0.1),
        (("score", "operating_points", "strict", "controversial"), 0.31),
        (("tokenizer", "bytes"), -1),
        (("tokenizer", "bytes"), 1 << 60),
        (("tokenizer", "sha256"), "0" * 63),
        (("tokenizer", "sha256"), "0" * 64 + "\n"),
        (("tokenizer", "sha256"), "A" * 64),
        (("tokenizer", "path"), "a" * 256),
        (("tokenizer", "path"), None),
        (("tokenizer", "path"), "README.md"),
        (("artifacts",), []),
        (("artifacts", 0, "id"), "../onnx"),
        (("artifacts", 0, "engine"), "pickle"),
        (("artifacts", 0, "files"), []),
        (("artifacts", 0, "entry"), "onnx/model"),
        (("artifacts", 0, "entry"), "onn"),
        (("artifacts", 0, "max_length"), 15),
        (("artifacts", 0, "parity", "max_score_delta"), "none"),
        (("artifacts", 0, "parity", "tolerance"), 2),
        (("artifacts", 0, "requires", "ios"), 16),
        (("provenance",), []),
    ],
)
def test_a_value_out_of_bounds_is_refused(tree: Any, path: Keys, value: Any) -> None:
    refused(json.dumps(put(tree, path, value)))


def test_a_guard_may_make_no_claim_about_languages(tree: Any) -> None:
    manifest = parse_manifest(json.dumps(put(tree, ("input", "language"), None)))
    assert manifest.input.language is None
    assert parse_manifest(dump_manifest(manifest)) == manifest


def test_two_artifacts_may_not_share_an_id_or_a_file(tree: Any) -> None:
    first = tree["artifacts"][0]
    other = copy.deepcopy(first)
    other["id"] = "other"
    assert "listed twice" in refused(json.dumps(put(tree, ("artifacts",), [first, other])))
    other["files"][0]["path"] = other["entry"] = "onnx/other.onnx"
    parse_manifest(json.dumps(put(tree, ("artifacts",), [first, other])))
    other["id"] = first["id"]
    assert "share an id" in refused(json.dumps(put(tree, ("artifacts",), [first, other])))
