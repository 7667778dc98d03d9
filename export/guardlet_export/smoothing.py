"""Scales that make a DeBERTa's activations easy to quantise (SmoothQuant, arXiv 2211.10438)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from guardlet_export.deberta_weights import is_deberta

# Activations have a few channels ten times as large as the others; weights have none. So nearly
# all of the range moves from the former to the latter: below 0.65 the error of wide layers grows.
STRENGTH = 0.8
Floats = NDArray[np.float32]
_TINY = 1e-3


def smoothing_scales(
    model: Any, largest: Mapping[str, Tensor], strength: float = STRENGTH
) -> dict[str, Floats]:
    """Float32 [inputs] for each dense layer of an encoder layer, by its name in the ONNX graph.

    Eq. 4 of the paper, max|x|^strength / max|w|^(1 - strength) per input channel, with a geometric
    mean of 1. `largest` is what `largest_inputs` saw.
    """
    scales = {}
    for name, parts in linears(model).items():
        weight = torch.cat([part.weight for part in parts]).detach().abs().amax(0)
        ratio = largest[name].clamp(min=_TINY) ** strength
        ratio = ratio / weight.clamp(min=_TINY**2) ** (1 - strength)
        scales[name] = (ratio / ratio.log().mean().exp()).numpy()
    return scales


@contextmanager
def largest_inputs(model: Any) -> Iterator[dict[str, Tensor]]:
    """The largest magnitude of each input channel, [inputs], of all calls of `model` inside the
    block, by the name of the linear. Empty for a model that is no DeBERTa."""
    largest: dict[str, Tensor] = {}

    def watch(name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            seen = inputs[0].detach().abs().flatten(0, -2).amax(0)
            largest[name] = torch.maximum(largest[name], seen) if name in largest else seen

        return hook

    layers = linears(model) if is_deberta(model) else {}
    handles = [parts[0].register_forward_pre_hook(watch(name)) for name, parts in layers.items()]
    try:
        yield largest
    finally:
        for handle in handles:
            handle.remove()


def linears(model: Any) -> dict[str, tuple[nn.Linear, ...]]:
    """Dense layers of the encoder layers that read the same input, by the name in the ONNX graph of
    the linear they become."""
    found: dict[str, tuple[nn.Linear, ...]] = {}
    for i, layer in enumerate(model.deberta.encoder.layer):
        attention = layer.attention.self
        found[f"layer.{i}.query_key_value"] = (
            attention.query_proj,
            attention.key_proj,
            attention.value_proj,
        )
        found[f"layer.{i}.attention_output"] = (layer.attention.output.dense,)
        found[f"layer.{i}.intermediate"] = (layer.intermediate.dense,)
        found[f"layer.{i}.output"] = (layer.output.dense,)
    return found


def pooler(model: Any) -> dict[str, tuple[nn.Linear, ...]]:
    """The pooler likewise, which reads a single token and is not smoothed."""
    return {"pooler": (model.pooler.dense,)}
