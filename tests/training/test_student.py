"""The student: weights, frozen tokenizer and input rules."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_models import VOCABULARY, save_tiny_bert, tiny_classifier, tiny_tokenizer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertTokenizer

from guardlet.errors import RecipeError
from guardlet_training.recipe import Input, Model
from guardlet_training.student import (
    freeze_tokenizer,
    input_rules,
    load_student,
    student_encoder,
)

LENGTHS = Input(max_tokens=48, stride=8, max_windows=4, prompt_budget=16, max_chars=4096)
TEXTS = ("apple bridge", "Ünïcode CANDLE", "x" * 300, "日本 [SEP] zebra!", "")


def tokenizer_with(*special: str) -> str:
    vocabulary = {token: i for i, token in enumerate(("unk", *special))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="unk"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return str(tokenizer.to_str())


def config(positions: int = 96, types: int = 2, biased: bool = True) -> Any:
    return SimpleNamespace(
        max_position_embeddings=positions, type_vocab_size=types, position_biased_input=biased
    )


def test_a_transplanted_student(tiny_bert: Path) -> None:
    model = load_student(Model(str(tiny_bert), transplant=True, dropout=0.3, attention_dropout=0.2))
    assert model.config.model_type == "deberta-v2"
    assert model.config.hidden_dropout_prob == 0.3
    assert model.config.attention_probs_dropout_prob == 0.2


@pytest.mark.parametrize("family", ["mini", "v3", "bert"])
def test_a_plain_student_gets_two_labels_and_the_recipes_dropout(
    tmp_path: Path, family: str
) -> None:
    tiny_classifier(family).save_pretrained(tmp_path)
    model = load_student(Model(str(tmp_path), dropout=0.3, attention_dropout=0.2))
    assert model.config.id2label == {0: "safe", 1: "harmful"}
    assert model.config.hidden_dropout_prob == 0.3
    assert model.config.attention_probs_dropout_prob == 0.2
    assert model.num_labels == 2


@pytest.mark.parametrize("transplant", [True, False])
def test_a_model_that_is_not_there(tmp_path: Path, transplant: bool) -> None:
    with pytest.raises(RecipeError, match=r"model\.source"):
        load_student(Model(str(tmp_path / "gone"), transplant=transplant))


def test_relative_positions_cannot_be_transplanted(tmp_path: Path) -> None:
    save_tiny_bert(tmp_path, position_embedding_type="relative_key")
    with pytest.raises(RecipeError, match="absolute positions"):
        load_student(Model(str(tmp_path), transplant=True))


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
    with pytest.raises(RecipeError, match="tokenizer"):
        freeze_tokenizer(str(tmp_path))


def test_rules_of_a_bert_tokenizer() -> None:
    rules = input_rules(tokenizer_with("[PAD]", "[CLS]", "[SEP]"), LENGTHS, type_ids=True)
    assert (rules.start, rules.middle, rules.end, rules.pad) == ((2,), (3,), (3,), 1)
    assert (rules.max_tokens, rules.stride, rules.max_windows) == (48, 8, 4)
    assert (rules.prompt_budget, rules.max_chars, rules.response_type) == (16, 4096, 1)


def test_rules_of_a_roberta_tokenizer() -> None:
    rules = input_rules(tokenizer_with("<s>", "<pad>", "</s>"), LENGTHS, type_ids=False)
    assert (rules.start, rules.middle, rules.end, rules.pad) == ((1,), (3, 3), (3,), 2)
    assert rules.response_type == 0


@pytest.mark.parametrize("special", [(), ("[CLS]", "[SEP]"), ("<s>", "</s>")])
def test_a_tokenizer_without_the_special_tokens(special: tuple[str, ...]) -> None:
    with pytest.raises(RecipeError, match="tokenizer has neither"):
        input_rules(tokenizer_with(*special), LENGTHS, type_ids=True)


@pytest.mark.parametrize(
    "lengths", [Input(max_tokens=16, prompt_budget=13, stride=0), Input(stride=200)]
)
def test_lengths_that_do_not_fit_together(lengths: Input) -> None:
    with pytest.raises(RecipeError, match="input: stride"):
        input_rules(tokenizer_with("[PAD]", "[CLS]", "[SEP]"), lengths, type_ids=True)


def test_windows_end_where_the_positions_do(tiny_bert: Path) -> None:
    model = Model(str(tiny_bert))
    assert student_encoder(model, LENGTHS, config(positions=48))[1].rules.max_tokens == 48
    with pytest.raises(RecipeError, match=r"input\.max_tokens"):
        student_encoder(model, LENGTHS, config(positions=47))
    relative = student_encoder(model, LENGTHS, config(positions=47, types=0, biased=False))[1]
    assert relative.rules.response_type == 0


def test_the_encoder_is_over_the_frozen_tokenizer(tiny_bert: Path) -> None:
    tokenizer_json, encoder = student_encoder(Model(str(tiny_bert)), LENGTHS, config())
    assert tokenizer_json == freeze_tokenizer(str(tiny_bert))
    (window,) = encoder.encode("apple [SEP]").windows
    assert window.ids.count(encoder.rules.end[0]) == 1
