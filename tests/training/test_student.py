"""The student: weights, frozen tokenizer and input rules."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tiny_models import save_tiny_bert, tiny_classifier

from guardlet.errors import RecipeError
from guardlet_export.tokenizer import freeze_tokenizer
from guardlet_training.recipe import Input, Model
from guardlet_training.student import load_student, student_encoder

LENGTHS = Input(max_tokens=48, stride=8, max_windows=4, prompt_budget=16, max_chars=4096)


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


@pytest.mark.parametrize("family", ["mini", "bert"])
def test_a_shallower_student_keeps_the_layers_named(tmp_path: Path, family: str) -> None:
    whole = tiny_classifier(family, num_hidden_layers=3)
    whole.save_pretrained(tmp_path / "whole")
    student = load_student(Model(str(tmp_path / "whole"), layers=(0, 2)))
    layers = student.base_model.encoder.layer
    assert len(layers) == 2
    for kept, index in zip(layers, (0, 2), strict=True):
        expected = whole.base_model.encoder.layer[index].state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in kept.state_dict().items())
    student.save_pretrained(tmp_path / "cut")
    assert load_student(Model(str(tmp_path / "cut"))).config.num_hidden_layers == 2


@pytest.mark.parametrize("layers", [(), (1, 0), (0, 0), (0, 2), (-1,)])
def test_layers_that_are_not_there(tiny_bert: Path, layers: tuple[int, ...]) -> None:
    with pytest.raises(RecipeError, match=r"model\.layers must be numbers from 0 to 1"):
        load_student(Model(str(tiny_bert), transplant=True, layers=layers))


def test_relative_positions_cannot_be_transplanted(tmp_path: Path) -> None:
    save_tiny_bert(tmp_path, position_embedding_type="relative_key")
    with pytest.raises(RecipeError, match="absolute positions"):
        load_student(Model(str(tmp_path), transplant=True))


def test_windows_end_where_the_positions_do(tiny_bert: Path) -> None:
    model = Model(str(tiny_bert))
    assert student_encoder(model, LENGTHS, config(positions=48))[1].rules.max_tokens == 48
    with pytest.raises(RecipeError, match=r"input\.max_tokens"):
        student_encoder(model, LENGTHS, config(positions=47))
    relative = student_encoder(model, LENGTHS, config(positions=47, types=0, biased=False))[1]
    assert relative.rules.response_type == 0


def test_a_tokenizer_that_is_not_there_is_named_by_the_recipes_key(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"model\.source .*tokenizer"):
        student_encoder(Model(str(tmp_path)), LENGTHS, config())


def test_the_encoder_is_over_the_frozen_tokenizer(tiny_bert: Path) -> None:
    tokenizer_json, encoder = student_encoder(Model(str(tiny_bert)), LENGTHS, config())
    assert tokenizer_json == freeze_tokenizer(str(tiny_bert))
    (window,) = encoder.encode("apple [SEP]").windows
    assert window.ids.count(encoder.rules.end[0]) == 1
