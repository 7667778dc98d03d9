"""Which linears int8 inputs hurt most."""

from __future__ import annotations

import numpy as np
import pytest
from deberta_models import scales_on
from numpy.typing import NDArray
from tiny_models import save_tiny_guard, tiny_classifier

from guardlet import Window
from guardlet_export.onnx_graph import linear_names
from guardlet_export.reference import TorchEngine
from guardlet_export.sensitivity import by_sensitivity, worst_windows

WINDOWS = [Window((2, *range(5, 5 + n), 3), (0,) * (n + 2), 0, n) for n in (1, 4, 9)]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TorchEngine:
    model = tiny_classifier("mini", hidden_size=64, initializer_range=0.3)
    return TorchEngine.from_folder(save_tiny_guard(tmp_path_factory.mktemp("guard"), model))


def test_every_linear_is_ranked_and_the_model_left_alone(engine: TorchEngine) -> None:
    before = engine.logits(WINDOWS[1])
    ranked = by_sensitivity(engine, WINDOWS, scales_on(engine, WINDOWS))
    assert sorted(ranked) == sorted(linear_names(engine.model.config.num_hidden_layers))
    np.testing.assert_array_equal(engine.logits(WINDOWS[1]), before)
    assert not any(module._forward_pre_hooks for module in engine.model.modules())


def test_the_linear_with_an_outlier_comes_first(engine: TorchEngine) -> None:
    """One input channel a thousand times the others takes all levels, and nobody reads it."""
    dense = engine.model.deberta.encoder.layer[1].intermediate.dense
    scales = {name: np.ones(1, np.float32) for name in linear_names(2)}
    outlier = np.ones(64, np.float32)
    outlier[7] = 1e-3
    weight = dense.weight.data.clone()
    dense.weight.data[:, 7] = 0
    try:
        ranked = by_sensitivity(engine, WINDOWS, scales | {"layer.1.intermediate": outlier})
    finally:
        dense.weight.data = weight
    assert ranked[0] == "layer.1.intermediate"


class _Shifted:
    """The engine, but for one window."""

    max_length = 512

    def __init__(self, engine: TorchEngine, odd: Window) -> None:
        self._engine, self._odd = engine, odd

    def logits(self, window: Window) -> NDArray[np.float32]:
        logits = self._engine.logits(window)
        return logits + np.float32([0, 1]) if window == self._odd else logits


def test_the_worst_windows_are_found(engine: TorchEngine) -> None:
    odd = WINDOWS[2]
    golden = [(window, engine.logits(window).tolist()) for window in WINDOWS]
    found = worst_windows(golden, _Shifted(engine, odd), 3, tokens=100)
    assert found[0] == odd and sorted(w.end for w in found) == [1, 4, 9]
    assert worst_windows(golden, _Shifted(engine, odd), 1, tokens=100) == [odd]
    assert worst_windows(golden, _Shifted(engine, odd), 3, tokens=1) == [odd]
