"""The figures of diversity by hand, and clusters of texts on a few subjects."""

from __future__ import annotations

import json
import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from cli_runner import guardlet

from guardlet.errors import DataError
from guardlet_export.errors import ModelError
from guardlet_training.augment.diversity import (
    ClusterSettings,
    cluster,
    distinct,
    diversity,
    embed,
    mean_distance,
)
from guardlet_training.rows import Row, write_rows

SUBJECTS = {
    "bread": "bake knead flour yeast dough crust oven loaf rye sourdough",
    "ships": "sail harbour anchor mast captain deck rope tide keel rudder",
    "stars": "telescope planet orbit comet galaxy moon eclipse nebula sun meteor",
    "knees": "doctor joint cartilage swelling tendon physiotherapy pain knee brace surgeon",
}


def about(subject: str, count: int) -> list[str]:
    rng = random.Random(subject)
    words = SUBJECTS[subject].split()
    return [f"A question on {' and '.join(rng.sample(words, 4))}" for _ in range(count)]


def test_distinct_by_hand() -> None:
    assert distinct(["The cat saw the dog", "the CAT"], 1) == 4 / 7
    assert distinct(["The cat saw the dog", "the CAT"], 2) == 4 / 5
    assert distinct(["one", "?"], 2) == 0.0


def test_mean_distance_is_that_of_all_pairs() -> None:
    vectors = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [1 - float(a @ b) for a, b in combinations(vectors, 2)]
    assert mean_distance(vectors) == pytest.approx(np.mean(pairs), abs=1e-6)
    assert mean_distance(np.repeat(vectors[:1], 4, axis=0)) == pytest.approx(0, abs=1e-6)


def test_clusters_are_dense_places() -> None:
    places = np.array([[0, 0], [5, 5], [9, 0]], np.float32)
    points = np.concatenate([np.repeat(places, 60, axis=0), [[20, 20]] * 10]).astype(np.float32)
    labels = cluster(points, ClusterSettings())
    assert [set(labels[i : i + 60]) for i in (0, 60, 120)] == [{0}, {1}, {2}]
    assert set(labels[180:]) == {-1}


def test_embeddings_of_the_packaged_model() -> None:
    vectors = embed(["a loaf of bread", "bread, a loaf", "the planet Mars"])
    assert vectors.shape == (3, 384) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.8 > 0.3 > vectors[0] @ vectors[2]


def test_too_few_texts() -> None:
    with pytest.raises(DataError, match="50 texts or more; there are 60 seed and 3 new"):
        diversity(["a"] * 60, ["b"] * 3)


def test_an_embedder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load the embedder"):
        embed(["a"], str(tmp_path))


@pytest.mark.slow
def test_new_subjects_are_new_clusters(tmp_path: Path) -> None:
    write_rows(tmp_path / "seed.jsonl", [Row(t, t) for t in about("bread", 120)])
    new = [text for name in ("ships", "stars", "knees") for text in about(name, 120)]
    write_rows(tmp_path / "new.jsonl", [Row(t, t) for t in new])
    options = ("--eps", "0.9", "--min-samples", "20", "--json", tmp_path / "a.json")
    said = guardlet(
        *("augment", "diversity", tmp_path / "seed.jsonl", tmp_path / "new.jsonl", *options)
    )
    report = json.loads((tmp_path / "a.json").read_text("utf-8"))
    seed, both = report["sets"]["seed"], report["sets"]["both"]
    assert both["clusters"] >= max(3, seed["clusters"] + 1) and 0 <= both["unclustered"] < 1
    assert both["distance"] > seed["distance"] and report["compared"] == 120
    assert report["sets"]["new"]["clusters"] is None and "distinct-1" in said
