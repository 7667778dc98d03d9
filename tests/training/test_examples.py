"""Rows as tensors: cropping, labels and padding."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import made_up_rows

from guardlet.encoder import Encoder, Window
from guardlet_training.examples import (
    Collator,
    Example,
    ExampleDataset,
    build_examples,
    crop_window,
)
from guardlet_training.recipe import Input, Model
from guardlet_training.rows import Row
from guardlet_training.student import student_encoder


@pytest.fixture(scope="module")
def encoder(tiny_bert: Path) -> Encoder:
    lengths = Input(max_tokens=48, stride=8, max_windows=4, prompt_budget=16, max_chars=4096)
    config = SimpleNamespace(max_position_embeddings=96, type_vocab_size=2)
    return student_encoder(Model(str(tiny_bert)), lengths, config)[1]


@given(
    size=st.integers(3, 40),
    crop=st.none() | st.integers(3, 50),
    end=st.sampled_from([(9,), (9, 8)]),
)
def test_cropped_window_closes_with_the_end(
    size: int, crop: int | None, end: tuple[int, ...]
) -> None:
    ids = (*range(100, 100 + size), *end)
    types = (0,) * 2 + (1,) * (len(ids) - 2)
    new_ids, new_types = crop_window(Window(ids, types, 0, size), crop, end)
    width = min(len(ids), crop or len(ids))
    assert len(new_ids) == len(new_types) == width
    assert new_ids[-len(end) :] == end
    assert new_ids[: -len(end)] == ids[: width - len(end)]
    assert new_types == types[:width]


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


def test_examples_are_cropped(encoder: Encoder) -> None:
    examples = build_examples(made_up_rows(30), encoder, crop=12)
    assert len(examples) == 30
    assert max(len(example.ids) for example in examples) == 12
    assert {example.ids[0] for example in examples} == {encoder.rules.start[0]}
    assert {example.ids[-1] for example in examples} == {encoder.rules.end[-1]}


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
