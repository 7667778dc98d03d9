"""Frozen tokenizers, window rules from their special tokens, and usable positions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_models import VOCABULARY, tiny_tokenizer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertTokenizer

from guardlet.language import LanguageRules
from guardlet_export.errors import ModelError
from guardlet_export.tokenizer import Lengths, freeze_tokenizer, input_rules, usable_positions

LENGTHS = Lengths(max_tokens=48, stride=8, max_windows=4, prompt_budget=16, max_chars=4096)
TEXTS = ("apple bridge", "Ünïcode CANDLE", "x" * 300, "日本 [SEP] zebra!", "")


def tokenizer_with(*special: str) -> str:
    vocabulary = {token: i for i, token in enumerate(("unk", *special))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="unk"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return str(tokenizer.to_str())


def test_a_frozen_tokenizer_encodes_as_before_but_never_cuts_or_pads(tmp_path: Path) -> None:
    cutting = tiny_tokenizer()
    cutting.enable_truncation(4)
    cutting.enable_padding(length=64)
    cutting.save(str(tmp_path / "tokenizer.json"))
    frozen = Tokenizer.from_str(freeze_tokenizer(str(tmp_path)))
    for text in TEXTS:
        assert frozen.encode(text).ids == tiny_tokenizer().encode(text).ids
    assert frozen.truncation is None and frozen.padding is None


def test_freezing_is_stable(tiny_bert: Path, tmp_path: Path) -> None:
    frozen = freeze_tokenizer(str(tiny_bert))
    (tmp_path / "tokenizer.json").write_text(frozen, encoding="utf-8")
    assert freeze_tokenizer(str(tmp_path)) == frozen
    assert json.loads(frozen)["model"]["type"] == "WordPiece"


def test_a_tokenizer_without_tokenizer_json_is_converted(tmp_path: Path) -> None:
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    folder = tmp_path / "slow"
    BertTokenizer(str(vocabulary)).save_pretrained(folder)
    assert not (folder / "tokenizer.json").exists()
    frozen = Tokenizer.from_str(freeze_tokenizer(str(folder)))
    for text in TEXTS:
        ids = frozen.encode(text, add_special_tokens=False).ids
        assert ids == tiny_tokenizer().encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("content", [None, "{}", "not json"], ids=["none", "empty", "broken"])
def test_no_usable_tokenizer(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="tokenizer"):
        freeze_tokenizer(str(tmp_path))


def test_rules_of_a_bert_tokenizer() -> None:
    lengths = replace(LENGTHS, language=LanguageRules(8, 0.25, 0.4))
    rules = input_rules(tokenizer_with("[PAD]", "[CLS]", "[SEP]"), lengths, type_ids=True)
    assert rules.language == lengths.language
    assert (rules.start, rules.middle, rules.end, rules.pad) == ((2,), (3,), (3,), 1)
    assert (rules.max_tokens, rules.stride, rules.max_windows) == (48, 8, 4)
    assert (rules.prompt_budget, rules.max_chars, rules.response_type) == (16, 4096, 1)


def test_rules_of_a_roberta_tokenizer() -> None:
    rules = input_rules(tokenizer_with("<s>", "<pad>", "</s>"), LENGTHS, type_ids=False)
    assert rules.language is None
    assert (rules.start, rules.middle, rules.end, rules.pad) == ((1,), (3, 3), (3,), 2)
    assert rules.response_type == 0


@pytest.mark.parametrize("special", [(), ("[CLS]", "[SEP]"), ("<s>", "</s>")])
def test_a_tokenizer_without_the_special_tokens(special: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="tokenizer has neither"):
        input_rules(tokenizer_with(*special), LENGTHS, type_ids=True)


@pytest.mark.parametrize(
    "lengths", [Lengths(max_tokens=16, prompt_budget=13, stride=0), Lengths(stride=200)]
)
def test_lengths_that_do_not_fit_together(lengths: Lengths) -> None:
    with pytest.raises(ModelError, match="input: stride"):
        input_rules(tokenizer_with("[PAD]", "[CLS]", "[SEP]"), lengths, type_ids=True)


@pytest.mark.parametrize(
    ("settings", "positions"),
    [
        ({"model_type": "bert"}, 514),
        ({"model_type": "roberta", "pad_token_id": 1}, 512),
        ({"model_type": "xlm-roberta", "pad_token_id": 1}, 512),
        ({"model_type": "deberta-v2", "position_biased_input": True}, 514),
        ({"model_type": "deberta-v2", "position_biased_input": False}, None),
    ],
)
def test_usable_positions(settings: dict[str, Any], positions: int | None) -> None:
    config = SimpleNamespace(max_position_embeddings=514, **settings)
    assert usable_positions(config) == positions
