"""Prompts of a given length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardlet import Bundle
from guardlet.encoder import Encoder
from guardlet.errors import InputError
from guardlet_benchmarks.device.texts import prompt_of

MANIFEST = Bundle.open().manifest
ENCODER = Encoder(Bundle.open().read_text(MANIFEST.tokenizer), MANIFEST.input)


@given(st.integers(3, MANIFEST.input.max_tokens))
def test_the_window_is_exactly_as_long_as_asked(tokens: int) -> None:
    text, found = prompt_of(ENCODER, tokens)
    (window,) = ENCODER.encode(text).windows
    assert found == len(window.ids) == tokens


@pytest.mark.parametrize("tokens", [-1, 0, 2, MANIFEST.input.max_tokens + 1])
def test_a_window_that_cannot_be_is_refused(tokens: int) -> None:
    with pytest.raises(InputError, match="at most 256"):
        prompt_of(ENCODER, tokens)


def test_a_tokenizer_that_spells_comes_close() -> None:
    from tiny_models import RULES, tiny_tokenizer

    encoder = Encoder(tiny_tokenizer().to_str(), RULES)
    for tokens in range(8, RULES.max_tokens + 1):
        assert prompt_of(encoder, tokens)[1] == tokens
