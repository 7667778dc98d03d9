"""Smoothing scales that cost nothing when the graph runs."""

from __future__ import annotations

from dataclasses import replace

import torch

from guardlet_export.deberta_weights import DebertaWeights, LayerWeights, Linear
from guardlet_export.onnx_graph.precision import Precision
from guardlet_export.onnx_graph.quantise import Floats


def absorb(weights: DebertaWeights, precision: Precision) -> tuple[DebertaWeights, Precision]:
    """The same function, with the scales of each attention output in its layer's value projection.

    Attention mixes the values of different tokens, never different channels, so a channel can be
    divided before the mix as well as after it, and there the division is part of the weights.
    """
    smoothing = dict(precision.smoothing)
    layers = []
    for i, layer in enumerate(weights.layers):
        name = f"layer.{i}.attention_output"
        scale = None if name in precision.kept else smoothing.pop(name, None)
        layers.append(layer if scale is None else _absorbed(layer, scale))
    return replace(weights, layers=tuple(layers)), replace(precision, smoothing=smoothing)


def _absorbed(layer: LayerWeights, scale: Floats) -> LayerWeights:
    factor = torch.from_numpy(scale)
    value, output = layer.value, layer.attention_output
    return replace(
        layer,
        value=Linear(value.weight / factor[:, None], value.bias / factor),
        attention_output=Linear(output.weight * factor, output.bias),
    )
