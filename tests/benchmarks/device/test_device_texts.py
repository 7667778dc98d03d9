"""Prompts of a given length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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


def test_a_tokenizer_of_few_pieces_meets_it_too(tmp_path: Path) -> None:
    from guardlet_benchmarks.shape_bundle import save_tokenizer

    save_tokenizer(tmp_path / "tokenizer.json", 600)
    text = (tmp_path / "tokenizer.json").read_text(encoding="utf-8")
    rules = replace(MANIFEST.input, start=(1,), middle=(2,), end=(2,), pad=0)
    for tokens in (16, 32, 64, 128, 256):
        assert prompt_of(Encoder(text, rules), tokens)[1] == tokens


def test_a_tokenizer_that_spells_meets_it() -> None:
    from tiny_models import RULES, tiny_tokenizer

    encoder = Encoder(tiny_tokenizer().to_str(), RULES)
    for tokens in range(8, RULES.max_tokens + 1):
        assert prompt_of(encoder, tokens)[1] == tokens
