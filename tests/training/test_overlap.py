"""Near-duplicates of evaluation texts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import WORDS
from training_helpers import sentence

from guardlet_training.overlap import overlapping

HELD = "How many apples fit into the blue kettle of my neighbour on a Sunday?"
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)


@pytest.mark.parametrize(
    "copy",
    [
        HELD,
        HELD.upper(),
        HELD.replace(" ", "\n  ") + "!!!",
        HELD.replace("Sunday", "Monday"),
        "Please: " + HELD,
    ],
    ids=["same", "case", "spaces", "one word", "one more"],
)
def test_copies_are_found(copy: str) -> None:
    rng = random.Random(0)
    others = [sentence(rng, 12) for _ in range(50)]
    assert overlapping([*others, copy], [HELD, *(sentence(rng, 12) for _ in range(50))]) == {50}


def test_texts_that_share_a_few_words_are_kept() -> None:
    train = ["How many pears grow on a tree?", "the blue kettle", "apple kettle Sunday"]
    assert overlapping(train, [HELD]) == set()


def test_the_threshold_decides() -> None:
    train = [HELD + " And what would happen if it were green, or twice as large?"]
    assert overlapping(train, [HELD], threshold=0.9) == set()
    assert overlapping(train, [HELD], threshold=0.4) == {0}


def test_many_texts_are_searched_piece_by_piece() -> None:
    rng = random.Random(1)
    train = [sentence(rng, 12) + f" {i}" for i in range(5000)]
    wanted = {0, 2047, 2048, 4096, 4999}
    assert overlapping(train, [train[i] for i in sorted(wanted)], threshold=0.999) == wanted


def test_words_of_one_letter_count() -> None:
    assert overlapping(["a b c", "x y z"], ["x y z"]) == {1}


@settings(max_examples=50, deadline=None)
@given(train=st.lists(TEXTS, min_size=1, max_size=8), held=st.lists(TEXTS, max_size=4))
def test_every_exact_copy_is_found(train: list[str], held: list[str]) -> None:
    found = overlapping(train, [*held, train[0]])
    copies = {i for i, text in enumerate(train) if text in (*held, train[0])}
    assert copies <= found <= set(range(len(train)))
