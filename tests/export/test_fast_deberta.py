"""FastDeberta is DebertaV2ForSequenceClassification, whatever its config says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from deberta_models import (
    CONFIGS,
    DEBERTA_V3,
    TRANSPLANTED,
    eager_logits,
    random_deberta,
    random_inputs,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardlet_export.deberta_weights import read_weights
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.fast_deberta import FastDeberta

TOLERANCE = 1e-5  # of a logit, relative where logits are large
BLOCKS = pytest.mark.parametrize("block", [None, 5])


def assert_equal(ours: torch.Tensor, eager: torch.Tensor) -> None:
    assert ours.shape == eager.shape
    error = (ours - eager).abs() / eager.abs().clamp(min=1)
    assert error.max() <= TOLERANCE


def fast_logits(module: FastDeberta, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = module(**inputs)
    return logits


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    config=CONFIGS,
    seed=st.integers(0, 10_000),
    length=st.integers(2, 32),
    padding=st.integers(0, 20),
    block=st.none() | st.integers(1, 40),
)
def test_logits_equal_eager_for_any_config(
    config: dict[str, Any], seed: int, length: int, padding: int, block: int | None
) -> None:
    # In float64, where the order of sums does not matter and only a wrong formula shows.
    model = random_deberta(seed, **config).double()
    inputs = random_inputs(length, min(padding, length - 1), seed)
    module = FastDeberta(read_weights(model), length, block)
    assert_equal(fast_logits(module, inputs), eager_logits(model, inputs))


@BLOCKS
@pytest.mark.parametrize("config", [DEBERTA_V3, TRANSPLANTED])
def test_a_longer_graph_serves_shorter_texts_in_float32(
    config: dict[str, Any], block: int | None
) -> None:
    model = random_deberta(1, **config)
    module = FastDeberta(read_weights(model), 32, block)
    for length in (2, 3, 17, 31, 32):
        inputs = random_inputs(length, seed=length)
        without_mask = {**inputs, "attention_mask": None}
        assert_equal(fast_logits(module, without_mask), eager_logits(model, inputs))


@BLOCKS
def test_padding_does_not_change_the_answer(block: int | None) -> None:
    model = random_deberta(2, **TRANSPLANTED)
    module = FastDeberta(read_weights(model), 24, block)
    padded = random_inputs(24, padding=9, seed=3)
    alone = {name: value[:, :15] for name, value in padded.items()}
    assert_equal(fast_logits(module, padded), eager_logits(model, alone))


@pytest.mark.parametrize("block", [None, 64])
def test_distances_of_real_shapes(block: int | None) -> None:
    """512 positions in 256 buckets, where float32 decides the bucket edges."""
    model = random_deberta(
        4, **DEBERTA_V3 | {"max_position_embeddings": 512, "position_buckets": 256}
    ).double()
    module = FastDeberta(read_weights(model), 512, block)
    for length in (512, 200):
        inputs = random_inputs(length, seed=5)
        assert_equal(fast_logits(module, inputs), eager_logits(model, inputs))


def test_weights_are_shared_between_lengths() -> None:
    weights = read_weights(random_deberta(0, **DEBERTA_V3))
    short, long = FastDeberta(weights, 8), FastDeberta(weights, 16)
    assert short.embeddings.words.weight.data_ptr() == long.embeddings.words.weight.data_ptr()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"conv_kernel_size": 3}, "conv_kernel_size"),
        ({"hidden_act": "no_such_activation"}, "no_such_activation"),
        ({"model_type": "bert"}, "bert"),
    ],
)
def test_unsupported_settings_are_named(changes: dict[str, Any], named: str) -> None:
    model = random_deberta(0, **DEBERTA_V3)
    for key, value in changes.items():
        type(model.config).__setattr__(model.config, key, value)
    with pytest.raises(UnsupportedModelError, match=named):
        FastDeberta(read_weights(model), 8)


def test_longer_than_the_absolute_positions_is_refused() -> None:
    model = random_deberta(0, **TRANSPLANTED)
    with pytest.raises(UnsupportedModelError, match="max_position_embeddings"):
        read_weights(model, 64)
