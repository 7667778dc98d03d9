"""The chain of parts: what it reads, in which order, and that it is bounded and pure."""

from __future__ import annotations

import base64
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from normalise_helpers import CASES, NORMALISER, SENTENCE, WORDS

from guardlet import Bundle, Encoder
from guardlet.errors import NormaliserError
from guardlet.normalise import PARTS, Normaliser, Words
from guardlet.normalise.normaliser import STEPS

PIECES = st.sampled_from(
    [
        SENTENCE,
        base64.b64encode(SENTENCE.encode()).decode(),
        SENTENCE.encode().hex(),
        " ".join(SENTENCE),
        "h0w d0 y0u k33p br34d",
        "ubj qb lbh xrrc gur oernq serfu",
        "br\u0435ad\u200b",
        "\U000e0068",
        "\ud800",
        ".... --- .-- / -.-- --- ..-",
        "\n",
        "=",
    ]
)
ANY = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=8).map(" ".join))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_recorded_cases(case: dict[str, Any]) -> None:
    """What a normaliser in any language must read with the same words."""
    found = [[reading.decoding, reading.text] for reading in NORMALISER.readings(case["text"])]
    assert found == case["readings"]


def test_every_part_has_a_recorded_case() -> None:
    fired = {part for case in CASES for name, _ in case["readings"] for part in name.split("+")}
    assert fired == set(PARTS)


@given(ANY)
def test_readings_are_bounded_distinct_and_the_same_each_time(text: str) -> None:
    readings = NORMALISER.readings(text)
    assert len(readings) <= len(STEPS) == 4
    assert readings == NORMALISER.readings(text)
    texts = [text, *(reading.text for reading in readings)]
    assert all(one != other for one, other in pairwise(texts))
    for reading in readings:
        assert set(reading.decoding.split("+")) <= set(PARTS)


@given(ANY, st.sets(st.sampled_from(sorted(PARTS))))
def test_parts_that_are_off_do_not_fire(text: str, parts: set[str]) -> None:
    for reading in Normaliser(WORDS, parts).readings(text):
        assert set(reading.decoding.split("+")) <= parts


def test_each_part_has_its_step() -> None:
    assert tuple(part for step in STEPS for part in step) == tuple(PARTS)


def test_an_unknown_part_is_named() -> None:
    with pytest.raises(NormaliserError, match=r"no part rot99.*base64"):
        Normaliser(WORDS, ["rot99"])


@pytest.mark.parametrize(
    "vocabulary",
    [
        ["[CLS]", "bread", "Fresh", "##read", "an", "caf\u00e9"],
        ["<s>", "\u2581bread", "\u2581Fresh", "read", "\u2581an", "\u2581caf\u00e9"],
        ["<s>", "\u0120bread", "\u0120Fresh", "read", "\u0120an", "\u0120caf\u00e9"],
        ["bread", "fresh"],
    ],
)
def test_words_of_a_vocabulary(vocabulary: list[str]) -> None:
    words = Words.of_vocabulary(vocabulary)
    assert "bread" in words and "FRESH" in words
    assert "read" not in words and "an" not in words
    assert words.letters("Bread is fresh-baked") == (10, 15)


def test_what_is_plausible() -> None:
    assert WORDS.plausible("keep bread")
    assert not WORDS.plausible("the")
    assert not WORDS.plausible("keep bread xxxxxxxxxxxxxxxxxx")
    assert not WORDS.plausible("keep bread\x00")


def test_sentences_in_other_languages_are_not_taken_for_codes() -> None:
    """Only Persian needs a character that is never drawn."""
    bundle = Bundle.open()
    encoder = Encoder(bundle.read_text(bundle.manifest.tokenizer), bundle.manifest.input)
    normaliser = Normaliser(Words.of_vocabulary(encoder.vocabulary()))
    lines = Path(__file__).parents[1].joinpath("foreign_sentences.tsv").read_text(encoding="utf-8")
    sentences = [line.split("\t")[-1] for line in lines.splitlines()]
    assert len(sentences) > 100
    fired = {reading.decoding for text in sentences for reading in normaliser.readings(text)}
    assert fired <= {"zero_width"}
