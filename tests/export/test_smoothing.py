"""Scales for activations with a few large channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from deberta_models import scales_on
from tiny_models import save_tiny_guard, tiny_classifier

from guardlet import Window
from guardlet_export.onnx_graph import linear_names
from guardlet_export.reference import TorchEngine

WINDOWS = [Window((2, *range(5, 5 + n), 3), (0,) * (n + 2), 0, n) for n in (1, 4, 9)]
LOUD = 3


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TorchEngine:
    """A model one of whose hidden channels is thirty times as large as the others."""
    model = tiny_classifier("mini")
    for layer in model.deberta.encoder.layer:
        layer.attention.output.LayerNorm.weight.data[LOUD] = 30
    return TorchEngine.from_folder(save_tiny_guard(tmp_path_factory.mktemp("loud"), model))


def test_every_linear_of_a_layer_has_scales(engine: TorchEngine) -> None:
    scales = scales_on(engine, WINDOWS)
    layers = engine.model.config.num_hidden_layers
    assert scales.keys() == set(linear_names(layers)) - {"pooler"}
    for scale in scales.values():
        assert scale.dtype == np.float32 and (scale > 0).all()
        assert np.log(scale).mean() == pytest.approx(0, abs=1e-4)


def test_a_loud_channel_is_divided_by_more(engine: TorchEngine) -> None:
    scale = scales_on(engine, WINDOWS)["layer.0.intermediate"]
    assert scale.argmax() == LOUD
    assert scale[LOUD] > 5 * np.median(scale)


def test_strength_decides_whose_range_is_levelled(engine: TorchEngine) -> None:
    weight = engine.model.deberta.encoder.layer[0].intermediate.dense.weight.detach().abs()
    none = scales_on(engine, WINDOWS, strength=0)["layer.0.intermediate"]
    levelled = weight.amax(0).numpy() * none
    np.testing.assert_allclose(levelled, levelled[0], rtol=1e-4)


def test_the_model_is_left_as_it_was(engine: TorchEngine, tmp_path: Path) -> None:
    before = engine.logits(WINDOWS[1])
    scales_on(engine, WINDOWS)
    np.testing.assert_array_equal(engine.logits(WINDOWS[1]), before)
    assert not any(module._forward_pre_hooks for module in engine.model.modules())
