"""Which dense layers suffer most from int8 inputs; found with PyTorch, not a graph for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from guardlet.encoder import Window
from guardlet.engines import Engine
from guardlet_export.reference import TorchEngine
from guardlet_export.smoothing import Floats, linears, pooler

_LEVELS = 255


def worst_windows(
    golden: Sequence[tuple[Window, Sequence[float]]], engine: Engine, count: int, tokens: int
) -> list[Window]:
    """The windows for which the engine's probabilities differ most from those of the logits
    recorded for them: at most `count`, and of at most `tokens` together unless one alone is
    longer."""
    deltas = [_difference(np.array(logits, np.float32), engine.logits(w)) for w, logits in golden]
    chosen: list[Window] = []
    for index in np.argsort(deltas)[::-1]:
        window = golden[index][0]
        tokens -= len(window.ids)
        if len(chosen) == count or (chosen and tokens < 0):
            break
        chosen.append(window)
    return chosen


def by_sensitivity(
    engine: TorchEngine, windows: Sequence[Window], scales: Mapping[str, Floats]
) -> list[str]:
    """The linears by their name in the ONNX graph, the worst first.

    Each is given int8 inputs alone, everything else stays float32; what counts is the mean change
    of the probabilities over `windows`. Inputs are divided by `scales`, float32 [inputs], first,
    where there is one.
    """
    exact = [engine.logits(window) for window in windows]
    errors = {}
    for name, modules in (linears(engine.model) | pooler(engine.model)).items():
        scale = torch.from_numpy(scales[name]) if name in scales else torch.ones(())
        handles = [m.register_forward_pre_hook(_quantised_input(scale)) for m in modules]
        try:
            changed = [engine.logits(window) for window in windows]
        finally:
            for handle in handles:
                handle.remove()
        errors[name] = float(
            np.mean([_difference(*pair) for pair in zip(exact, changed, strict=True)])
        )
    return sorted(errors, key=lambda name: -errors[name])


def _quantised_input(scale: Tensor) -> Any:
    """A hook that rounds a linear's input as ONNX Runtime's DynamicQuantizeMatMul does: to unsigned
    bytes with one scale and zero point for the call, which zero is always among."""

    def hook(module: torch.nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        x = inputs[0] / scale
        low, high = x.amin().clamp(max=0), x.amax().clamp(min=0)
        step = ((high - low) / _LEVELS).clamp(min=torch.finfo(x.dtype).tiny)
        zero = (-low / step).round()
        rounded = ((x / step).round() + zero).clamp(0, _LEVELS)
        return ((rounded - zero) * step * scale, *inputs[1:])

    return hook


def _difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.abs(_softmax(a) - _softmax(b)).max())


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    odds = np.exp(logits.astype(np.float64) - logits.max())
    probabilities: NDArray[np.float64] = odds / odds.sum()
    return probabilities
