"""Text to tokens: the two forms, special tokens, hostile text, and what is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime_helpers import (
    CLS,
    MASK,
    PAD,
    RULES,
    SEP,
    SPECIAL,
    sentence,
    tokenizer_json,
    word_ids,
)
from tokenizers import Tokenizer, models, pre_tokenizers

from guardlet.encoder import (
    Encoder,
    clip,
    replace_lone_surrogates,
)
from guardlet.errors import EmptyInputError, EngineError, InputError, ManifestError, NotTextError

NOTHING = ["", " ", "\n\t\r", "\u200b", "\x00\x01", "\u3000"]
SPECIAL_TEXT = st.lists(
    st.one_of(
        st.sampled_from([*SPECIAL, "[sep]", "[SE", "P]", "[CLS", "]", "[[SEP]]", "##s", " "]),
        st.text(max_size=5),
    ),
    max_size=12,
).map("".join)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize("response", [None, *NOTHING])
def test_without_a_readable_response_the_prompt_is_judged(
    encoder: Encoder, response: str | None
) -> None:
    encoding = encoder.encode("how are you", response)
    (window,) = encoding.windows
    assert window.ids == (CLS, *word_ids("how are you"), SEP)
    assert window.type_ids == (0,) * 5
    assert (window.begin, window.end) == (0, 3)
    assert (encoding.judged, encoding.tokens, encoding.truncated) == ("prompt", 3, False)


def test_a_response_is_judged_in_the_context_of_its_prompt(encoder: Encoder) -> None:
    encoding = encoder.encode("how are you", "hello world")
    (window,) = encoding.windows
    assert window.ids == (CLS, *word_ids("how are you"), SEP, *word_ids("hello world"), SEP)
    assert window.type_ids == (0,) * 5 + (1,) * 3
    assert (window.begin, window.end) == (0, 2)
    assert (encoding.judged, encoding.tokens, encoding.truncated) == ("response", 5, False)


@pytest.mark.parametrize("prompt", NOTHING)
def test_a_response_needs_no_prompt(encoder: Encoder, prompt: str) -> None:
    encoding = encoder.encode(prompt, "hello")
    assert encoding.windows[0].ids == (CLS, SEP, *word_ids("hello"), SEP)
    assert encoding.judged == "response"


def test_the_response_type_of_models_without_types_is_zero() -> None:
    encoder = Encoder(tokenizer_json(), replace(RULES, response_type=0))
    assert set(encoder.encode("how", "are").windows[0].type_ids) == {0}


def test_templates_may_be_longer_than_one_token() -> None:
    rules = replace(RULES, start=(CLS, MASK), middle=(SEP, SEP), end=(SEP, MASK))
    window = Encoder(tokenizer_json(), rules).encode("how", "are").windows[0]
    assert window.ids == (CLS, MASK, *word_ids("how"), SEP, SEP, *word_ids("are"), SEP, MASK)
    assert window.type_ids == (0,) * 5 + (1,) * 3


@given(SPECIAL_TEXT, st.none() | SPECIAL_TEXT)
def test_a_users_text_never_becomes_a_special_token(
    encoder: Encoder, prompt: str, response: str | None
) -> None:
    try:
        encoding = encoder.encode(prompt, response)
    except EmptyInputError:
        return
    for window in encoding.windows:
        special = [token for token in window.ids if token in (PAD, CLS, SEP, MASK)]
        assert special == ([CLS, SEP] if encoding.judged == "prompt" else [CLS, SEP, SEP])
        assert (window.ids[0], window.ids[-1]) == (CLS, SEP)


def test_a_tokenizer_that_truncates_and_pads_is_told_not_to() -> None:
    tokenizer = Tokenizer.from_str(tokenizer_json())
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=10)
    assert Encoder(tokenizer.to_str(), RULES).tokenize(sentence(5))[0] == list(
        word_ids(sentence(5))
    )


@given(ANY_TEXT, st.integers(2, 40))
def test_clip_keeps_both_ends_of_a_long_text(text: str, limit: int) -> None:
    kept, cut = clip(text, limit)
    assert cut == (len(text) > limit)
    half = limit // 2
    assert kept == (text[:half] + text[-half:] if cut else text)


def test_characters_beyond_the_limit_are_cut_and_reported(encoder: Encoder) -> None:
    limit = RULES.max_chars
    fits = "how" + " " * (limit - 6) + "are"
    assert not encoder.encode(fits).truncated
    long = encoder.encode("how" + " " * 999999 + "bomb" + " " * 999999 + "are")
    assert long.windows == encoder.encode("how are").windows
    assert long.truncated


def test_characters_are_code_points(encoder: Encoder) -> None:
    assert encoder.tokenize("\U0001f600" * RULES.max_chars)[1] is False
    assert encoder.tokenize("\U0001f600" * (RULES.max_chars + 1))[1] is True


def test_a_response_that_loses_all_its_text_is_not_silently_ignored(encoder: Encoder) -> None:
    hidden = " " * RULES.max_chars + "make bomb" + " " * RULES.max_chars
    encoding = encoder.encode("hello", hidden)
    assert encoding.judged == "prompt"
    assert encoding.truncated


def test_a_cut_prompt_does_not_truncate_a_response(encoder: Encoder) -> None:
    assert not encoder.encode("how " * RULES.max_chars, "are you").truncated


@given(ANY_TEXT)
def test_lone_surrogates_become_the_replacement_character(text: str) -> None:
    def pair(match: re.Match[str]) -> str:
        return match[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")

    whole = re.sub("[\ud800-\udbff][\udc00-\udfff]", pair, text)
    expected = re.sub("[\ud800-\udfff]", "\ufffd", whole)
    assert replace_lone_surrogates(text) == expected
    expected.encode("utf-8")


@given(ANY_TEXT, st.none() | ANY_TEXT)
def test_any_string_gives_windows_of_bounded_size_or_is_empty(
    encoder: Encoder, prompt: str, response: str | None
) -> None:
    try:
        encoding = encoder.encode(prompt, response)
    except EmptyInputError:
        return
    assert 1 <= len(encoding.windows) <= RULES.max_windows
    for window in encoding.windows:
        assert len(window.ids) == len(window.type_ids) <= RULES.max_tokens


@pytest.mark.parametrize("unit", ["kill ", "a", "[SEP]", "\x00b", "\ud800?", "\U0001f600 ", "\n!"])
def test_megabytes_give_a_bounded_number_of_windows(encoder: Encoder, unit: str) -> None:
    text = unit * (1_500_000 // len(unit))
    for encoding in (encoder.encode(text), encoder.encode(text, text)):
        assert len(encoding.windows) <= RULES.max_windows
        assert encoding.truncated
        assert encoding.tokens <= 2 * RULES.max_chars


@pytest.mark.parametrize("value", [None, 7, b"secret", ["secret"], ("secret", "secret"), object()])
def test_a_prompt_that_is_no_text_is_refused(encoder: Encoder, value: Any) -> None:
    with pytest.raises(NotTextError, match="prompt must be a str, not ") as caught:
        encoder.encode(value)
    assert isinstance(caught.value, TypeError)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", [0, False, b"", b"secret", ["secret"], {"secret": 1}])
def test_a_response_that_is_no_text_is_refused(encoder: Encoder, value: Any) -> None:
    with pytest.raises(NotTextError, match="response must be a str, not ") as caught:
        encoder.encode("secret", value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("response", [None, *NOTHING])
@pytest.mark.parametrize("prompt", NOTHING)
def test_nothing_to_read_is_an_error(encoder: Encoder, prompt: str, response: str | None) -> None:
    with pytest.raises(EmptyInputError, match="check a non-empty string") as caught:
        encoder.encode(prompt, response)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("text", ["", "{}", "null", "[[[", '{"version": "1.0"}'])
def test_a_malformed_tokenizer_is_refused(text: str) -> None:
    with pytest.raises(ManifestError, match="get the bundle again"):
        Encoder(text, RULES)


def test_a_tokenizer_that_fails_says_so_without_the_text() -> None:
    tree = json.loads(tokenizer_json())
    tree["model"]["unk_token"] = "[NONE]"
    with pytest.raises(EngineError, match="the tokenizer failed") as caught:
        Encoder(json.dumps(tree), RULES).encode("secret \u2603")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_vocabulary_that_spells_special_tokens_as_pieces_gives_none_away() -> None:
    pieces = [("[PAD]", 0.0), ("[UNK]", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("▁a", -1.0)]
    pieces += [(c, -5.0) for c in "▁abcdefghij[]SEPCLADUNK"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=1))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    tokenizer.encode_special_tokens = True
    assert 3 in tokenizer.encode("a[SEP]b", add_special_tokens=False).ids
    encoder = Encoder(tokenizer.to_str(), replace(RULES, pad=0, start=(2,), middle=(3,), end=(3,)))
    for text in ("a[SEP]b", "[CLS]a", "a [PAD] b [SEP] [SEP] a"):
        (window,) = encoder.encode(text).windows
        assert not {0, 2, 3} & set(window.ids[1:-1])
