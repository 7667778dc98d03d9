"""Whether a text is in a language the guard reads: the rule, real sentences, and any text."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime_helpers import RULES, sentence, tokenizer_json
from tokenizers import Tokenizer, models, pre_tokenizers

from guardlet import Bundle, Encoder
from guardlet.errors import ManifestError
from guardlet.language import LanguageDetector, LanguageRules

ROOT = Path(__file__).parents[2]
SENTENCES = Path(__file__).with_name("foreign_sentences.tsv")
ENGLISH = ROOT / "training" / "data" / "hard_benign_dev.jsonl"
FEWEST_TOKENS = 8
LIMITS = LanguageRules(min_tokens=4, max_foreign=0.5, max_continuations=0.5)
UNK, WORD, PIECE, LETTER, NEXT_LETTER, NUMBER, NEXT_NUMBER, E_ACUTE, MARK = range(9)
SPELLING = ("[UNK]", "how", "##ing", "a", "##a", "7", "##7", "##\u00e9", "##\u0301")
TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@cache
def embedded() -> Encoder:
    bundle = Bundle.open()
    return Encoder(bundle.read_text(bundle.manifest.tokenizer), bundle.manifest.input)


def supported_shares(texts: list[str]) -> tuple[int, float]:
    """How many texts are long enough to count, and which share of them is supported."""
    encodings = [embedded().encode(text) for text in texts]
    counted = [e.language_supported for e in encodings if e.tokens >= FEWEST_TOKENS]
    return len(counted), sum(counted) / len(counted)


def wordpiece() -> Tokenizer:
    vocabulary = {piece: token for token, piece in enumerate(SPELLING)}
    return Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))


def test_the_embedded_guard_makes_a_claim() -> None:
    assert embedded().rules.language is not None


def test_sentences_of_other_languages_are_told() -> None:
    rows = [line.split("\t") for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    assert len({language for language, _ in rows}) >= 25
    count, supported = supported_shares([text for _, text in rows])
    assert count >= 100
    assert supported <= 0.1


def test_english_is_read() -> None:
    rows = map(json.loads, ENGLISH.read_text(encoding="utf-8").splitlines())
    count, supported = supported_shares([row["prompt"] for row in rows])
    assert count >= 200
    assert supported >= 0.99


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("hello", True),
        ("thanks 🙏", True),
        ("I love it 😍", True),
        ("naïve café", True),
        ("привет", False),
        ("图书馆几点开门", False),
        ("¿Dónde está?", True),
        ("Translate 你好 and 再见 into English for me, please, and tell me how to say them", True),
        ("aGVsbG8gd29ybGQsIHRoaXMgaXMgYSB0ZXN0", False),
    ],
)
def test_short_texts_are_told_by_their_letters_only(text: str, supported: bool) -> None:
    assert embedded().encode(text).language_supported == supported


def test_only_the_judged_text_counts() -> None:
    english, russian = "When does the library open?", "Когда открывается библиотека?"
    assert embedded().encode(russian, english).language_supported
    assert not embedded().encode(english, russian).language_supported
    assert not embedded().encode(russian, " ").language_supported


@given(TEXT, TEXT, TEXT)
def test_the_other_text_never_matters(encoder: Encoder, prompt: str, other: str, text: str) -> None:
    response = "hello " + text
    first, second = encoder.encode(prompt, response), encoder.encode(other, response)
    assert first.language_supported == second.language_supported
    assert first.language_supported == encoder.encode(response).language_supported


@given(st.lists(st.integers(0, 2**40), max_size=40))
def test_any_tokens_have_an_answer(ids: list[int]) -> None:
    assert LanguageDetector(wordpiece(), LIMITS).supports(ids) in (True, False)


def test_every_token_counts_not_only_those_in_windows(encoder: Encoder) -> None:
    middle = sentence(100) + " \u2603" * 200 + " " + sentence(100)
    encoding = encoder.encode(middle)
    assert encoding.truncated and not encoding.language_supported
    assert not any(1 in window.ids for window in encoding.windows)


@pytest.mark.parametrize(
    ("ids", "supported"),
    [
        ([], True),
        ([UNK], True),
        ([UNK, UNK], False),
        ([UNK, WORD], True),
        ([UNK, E_ACUTE, WORD, WORD], False),
        ([UNK, E_ACUTE, WORD, WORD, WORD], True),
        ([E_ACUTE, E_ACUTE], False),
        ([MARK, MARK], True),
        ([LETTER, NEXT_LETTER, LETTER, NEXT_LETTER], False),
        ([LETTER, NEXT_LETTER, NEXT_LETTER], True),
        ([WORD, PIECE, WORD, PIECE], False),
        ([WORD, PIECE, WORD, NEXT_NUMBER], True),
        ([NUMBER, NEXT_NUMBER, NEXT_NUMBER, NEXT_NUMBER], True),
        ([UNK, PIECE, WORD, WORD], True),
        ([99, 99, 99, 99], True),
    ],
)
def test_shares_of_a_wordpiece_vocabulary(ids: list[int], supported: bool) -> None:
    assert LanguageDetector(wordpiece(), LIMITS).supports(ids) == supported


@pytest.mark.parametrize(
    ("ids", "supported"),
    [
        ([1, 2, 1, 2], False),
        ([1, 1, 1, 2], True),
        ([1, 3, 1, 1], True),
        ([3, 4], False),
        ([0, 0], False),
        ([1, 0, 1, 2], True),
    ],
)
def test_shares_of_a_unigram_vocabulary(ids: list[int], supported: bool) -> None:
    pieces = [("<unk>", 0.0), ("▁how", -1.0), ("ing", -1.0), ("▁漢", -1.0), ("漢", -1.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    assert LanguageDetector(tokenizer, LIMITS).supports(ids) == supported


@pytest.mark.parametrize("unknown", [None, 2])
def test_a_unigram_vocabulary_may_have_no_unknown_token(unknown: int | None) -> None:
    pieces = [("▁how", -1.0), ("ing", -1.0), ("<unk>", 0.0)]
    detector = LanguageDetector(Tokenizer(models.Unigram(pieces, unk_id=unknown)), LIMITS)
    assert detector.supports([2, 0, 2]) == (unknown is None)


def test_without_a_rule_every_text_is_supported() -> None:
    encoder = Encoder(tokenizer_json(), replace(RULES, language=None))
    assert encoder.encode("\u2603 \u2603 \u2603").language_supported


@pytest.mark.parametrize(
    "model", [models.BPE({"b": 9, "a": 1}, []), models.WordLevel({"b": 9, "a": 1}, unk_token="b")]
)
def test_a_vocabulary_without_a_rule_is_refused(model: Any) -> None:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(ManifestError, match="language: null"):
        Encoder(tokenizer.to_str(), RULES)
    assert Encoder(tokenizer.to_str(), replace(RULES, language=None)).encode("a").tokens == 1
