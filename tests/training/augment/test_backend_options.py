"""What a user types for a back end: checked, and only what decides the rows in the identity."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest
from chat_server import ChatServer, serving
from tiny_chat import save_tiny_chat

from guardlet.errors import BackendError
from guardlet_training.augment.backends.options import backend_spec, pinned


def test_values_are_read_by_their_type() -> None:
    spec = backend_spec("transformers", "m", ["batch_size=4", "device=cuda:0"], revision=None)
    assert spec.options == {"batch_size": 4, "device": "cuda:0"}
    server = backend_spec("openai", "m", ["timeout=5", "probe=false"], base_url="http://x")
    commit = backend_spec("transformers", "m", ["revision=1e12"])
    assert commit.options == {"revision": "1e12"}
    assert server.options == {"base_url": "http://x", "timeout": 5, "probe": False}
    assert pickle.loads(pickle.dumps(server)) == server


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        ("size=4", "has no option size; it has batch_size, device, dtype, revision"),
        ("batch_size=many", "option batch_size of a back end must be int"),
        ("batch_size=true", "must be int"),
        ("batch_size=null", "must be int"),
        ("batch_size=0", "must be above 0"),
        ("batch_size=-4", "must be above 0"),
        ("batch_size", "NAME=VALUE"),
        ("=4", "NAME=VALUE"),
    ],
)
def test_wrong_options_are_named(pair: str, reason: str) -> None:
    with pytest.raises(BackendError, match=reason):
        backend_spec("transformers", "m", [pair])


def test_a_folder_is_known_by_its_files_not_by_its_place(tmp_path: Path) -> None:
    first = save_tiny_chat(tmp_path / "a" / "model")
    second = shutil.copytree(first, tmp_path / "b" / "model")
    _, here = pinned(backend_spec("transformers", str(first), ["device=cpu"]))
    _, there = pinned(backend_spec("transformers", str(second), ["device=auto"]))
    assert here == there
    assert here["model"] == "model" and here["revision"].startswith("sha256:")
    assert set(here["versions"]) == {"guardlet", "transformers"}
    _, other = pinned(backend_spec("transformers", str(first), ["batch_size=1"]))
    assert other != here


def test_a_server_is_known_by_what_it_says_of_the_model() -> None:
    with serving(ChatServer()) as one, serving(ChatServer()) as two:
        _, here = pinned(backend_spec("openai", "m", base_url=one.url))
        _, there = pinned(backend_spec("openai", "m", ["concurrency=2"], base_url=two.url))
        _, unknown = pinned(backend_spec("openai", "n", base_url=two.url))
    assert here == there
    assert here["revision"] is not None and unknown["revision"] is None
