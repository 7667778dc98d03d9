"""Whatever guardlet.json says, it is refused with a BundleError or can be used."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from runtime_helpers import sentence
from tree_helpers import at, places, put

from guardlet import Bundle, Guard
from guardlet.bundle import Manifest
from guardlet.bundle.manifest import dump_manifest, parse_manifest
from guardlet.errors import BundleError, GuardletError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([0, 1, -1, 10**30, "", "../x", "onnx", [], {}]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


def judge(bundle_folder: Path, text: str) -> None:
    """Parses the text and, where it is accepted, uses what it says."""
    try:
        manifest = parse_manifest(text)
    except BundleError as error:
        assert type(error) is not BundleError
        return
    assert isinstance(manifest, Manifest)
    parse_manifest(dump_manifest(manifest))
    try:
        guard = Guard.load(Bundle(bundle_folder, manifest), threads=1)
        verdict = guard.check("hello", sentence(40))
    except GuardletError:
        return
    assert 0 <= verdict.score <= 1


@given(data=st.data())
def test_a_changed_manifest_is_refused_or_usable(
    bundle_folder: Path, manifest_text: str, data: st.DataObject
) -> None:
    tree = json.loads(manifest_text)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(tree))))
        tree = put(tree, path, data.draw(JSON))
    judge(bundle_folder, json.dumps(tree))


@given(data=st.data())
def test_a_nudged_number_is_refused_or_usable(
    bundle_folder: Path, manifest_text: str, data: st.DataObject
) -> None:
    tree = json.loads(manifest_text)
    numbers = [path for path in places(tree) if type(at(tree, path)) in (int, float)]
    path = data.draw(st.sampled_from(numbers))
    old = at(tree, path)
    near = st.sampled_from([float(old), old - 1, old + 1, old + 1e-9, 10**30, 1e-30, -0.0])
    number = near | st.integers(-2, 20) | st.floats() | st.booleans()
    judge(bundle_folder, json.dumps(put(tree, path, data.draw(number))))


@given(data=st.data())
def test_changed_text_is_refused_or_usable(
    bundle_folder: Path, manifest_text: str, data: st.DataObject
) -> None:
    begin = data.draw(st.integers(0, len(manifest_text)))
    end = begin + data.draw(st.integers(0, 30))
    middle = data.draw(st.text(max_size=10) | st.sampled_from(['"', "}", "\\ud800", "1e9", "[["]))
    judge(bundle_folder, manifest_text[:begin] + middle + manifest_text[end:])
