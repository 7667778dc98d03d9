"""Rows as tensors: windows, labels and padding."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from guardlet.encoder import Encoder
from guardlet_training.examples import (
    Collator,
    Example,
    ExampleDataset,
    build_examples,
    shortened,
)
from guardlet_training.recipe import Input, Model
from guardlet_training.rows import Row
from guardlet_training.student import student_encoder


@pytest.fixture(scope="module")
def encoder(tiny_bert: Path) -> Encoder:
    lengths = Input(max_tokens=48, stride=8, max_windows=4, prompt_budget=16, max_chars=4096)
    config = SimpleNamespace(max_position_embeddings=96, type_vocab_size=2)
    return student_encoder(Model(str(tiny_bert)), lengths, config)[1]


def test_examples_carry_label_teacher_and_form(encoder: Encoder) -> None:
    rows = [
        Row("a", "apple bridge", label=1),
        Row("b", "apple", response="candle dragon", soft_label=0.2),
        Row("c", " ", label=0),
        Row("d", "", response="candle", label=0),
    ]
    first, second, third = build_examples(rows, encoder)
    assert (first.label, first.pair, set(first.type_ids)) == (1, False, {0})
    assert math.isnan(first.teacher)
    assert (second.label, second.teacher, second.pair) == (0, 0.2, True)
    assert set(second.type_ids) == {0, 1}
    assert third.pair


@given(max_tokens=st.integers(12, 48))
def test_shortened_rules_keep_the_proportions(encoder: Encoder, max_tokens: int) -> None:
    rules = shortened(encoder.rules, max_tokens)
    assert rules.max_tokens == max_tokens
    assert rules.prompt_budget == max_tokens // 3
    assert rules.stride == max_tokens // 6
    assert (rules.start, rules.pad) == (encoder.rules.start, encoder.rules.pad)


def test_shortened_rules_need_room_for_a_response(encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="stride"):
        shortened(encoder.rules, 4)


def test_short_windows_still_show_the_response(tiny_bert: Path, encoder: Encoder) -> None:
    tokenizer_json = (tiny_bert / "tokenizer.json").read_text(encoding="utf-8")
    short = Encoder(tokenizer_json, shortened(encoder.rules, 24))
    row = Row("a", "apple " * 60, response="candle " * 60, label=1)
    (example,) = build_examples([row], short)
    assert len(example.ids) == 24
    assert sum(example.type_ids) >= 12


def test_dataset() -> None:
    examples = [Example((1, 2), (0, 0), label, 0.5, False) for label in (0, 1)]
    dataset = ExampleDataset(examples)
    assert (len(dataset), dataset[1].label) == (2, 1)


def test_collator_pads_to_the_longest() -> None:
    examples = [
        Example((5, 6, 7), (0, 1, 1), 1, math.nan, True),
        Example((5,), (0,), 0, 0.25, False),
    ]
    batch = Collator(pad=3, type_ids=True)(examples)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [5, 3, 3]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["token_type_ids"].tolist() == [[0, 1, 1], [0, 0, 0]]
    assert batch["labels"].tolist() == [1, 0]
    assert batch["teacher"].isnan().tolist() == [True, False]
    integers = ("input_ids", "attention_mask", "token_type_ids", "labels")
    assert all(batch[name].dtype == torch.int64 for name in integers)
    assert batch["teacher"].is_floating_point()


def test_collator_without_types() -> None:
    batch = Collator(pad=0, type_ids=False)([Example((5,), (0,), 0, 0.25, False)])
    assert "token_type_ids" not in batch
