"""The index of near-duplicates against comparing every pair."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import WORDS
from training_helpers import sentence

from guardlet_training.augment.near import NearIndex, shingles

TEXTS = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


def similarity(a: str, b: str) -> float:
    first, second = shingles(a), shingles(b)
    return len(first & second) / len(first | second) if first | second else 1.0


def test_shingles_are_words_and_pairs_whatever_case_and_punctuation() -> None:
    assert shingles("Red,  fish!") == {"red", "fish", "red fish"} == shingles("red FISH")


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXTS, max_size=8), asked=TEXTS)
def test_what_is_found_is_near_and_a_copy_is_always_found(texts: list[str], asked: str) -> None:
    index = NearIndex(0.7)
    for number, text in enumerate(texts):
        index.add(text, str(number))
    found = index.find(asked)
    near = {str(number) for number, text in enumerate(texts) if similarity(text, asked) >= 0.7}
    copies = {str(number) for number, text in enumerate(texts) if text == asked}
    assert copies <= found <= near


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9])
def test_nearly_all_pairs_above_the_threshold_are_found(threshold: float) -> None:
    rng = random.Random(0)
    index = NearIndex(threshold)
    wanted = found = 0
    for _ in range(400):
        words = [f"{word}{rng.randrange(9)}" for word in sentence(rng, 20).split()]
        index.add(" ".join(words), "x")
        for place in rng.sample(range(20), rng.randrange(5)):
            words[place] = "new"
        changed = " ".join(words)
        near = any(similarity(text, changed) >= threshold for text in [index._texts[-1]])
        wanted += near
        found += near and bool(index.find(changed))
    assert wanted > 30 and found >= 0.97 * wanted


def test_the_index_grows_past_its_first_room() -> None:
    index = NearIndex(0.7)
    for number in range(1100):
        index.add(f"text of the number {number}", str(number))
    assert "1099" in index.find("text of the number 1099")
