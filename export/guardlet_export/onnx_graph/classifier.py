"""A DeBERTa classifier as one ONNX model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import TensorProto, helper

from guardlet_export.deberta_weights import DebertaWeights, LayerWeights, Linear, Norm
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.onnx_graph.absorb import absorb
from guardlet_export.onnx_graph.attention import attend_by_head, attend_together
from guardlet_export.onnx_graph.builder import GraphBuilder
from guardlet_export.onnx_graph.folded_norm import FOLDED_NORM, dump_norm
from guardlet_export.onnx_graph.last_layer import attend_first
from guardlet_export.onnx_graph.linear import first_rows, floats, linear, rows_by_id
from guardlet_export.onnx_graph.precision import Precision, Storage
from guardlet_export.onnx_graph.relations import Relations, relations

# Up to this length all heads share a product, beyond it each has its own: the scores of all heads
# then no longer fit a core's cache, and products are large enough to pay for more nodes.
SHORT = 64

_PROTOBUF_LIMIT = 2**31 - 1

# transformers' names -> (operator, is ONNX Runtime's own)
ACTIVATIONS = {
    "gelu": ("Gelu", True),
    "gelu_new": ("FastGelu", True),
    "gelu_pytorch_tanh": ("FastGelu", True),
    "relu": ("Relu", False),
    "tanh": ("Tanh", False),
    "sigmoid": ("Sigmoid", False),
    "linear": ("Identity", False),
}


def write_onnx(weights: DebertaWeights, precision: Precision, target: Path) -> None:
    """Writes the model to `target`. Raises UnsupportedModelError."""
    target.write_bytes(onnx_bytes(weights, precision))


def onnx_bytes(weights: DebertaWeights, precision: Precision) -> bytes:
    """The serialised model: int64 input_ids [1, T], and token_type_ids [1, T] where the model
    tells types apart, to float32 logits [1, labels]; 2 <= T <= weights.max_length.

    There is no attention mask: every window is run alone, at its own length. Weights must be
    float32. Raises UnsupportedModelError naming what cannot be written.
    """
    weights, precision = absorb(weights, precision)
    g = GraphBuilder()
    tokens = g.op("Shape", "input_ids", start=1, end=2)
    x = _embeddings(g, weights, tokens, precision.table)
    short = min(SHORT, weights.max_length)

    def short_body(g: GraphBuilder) -> str:
        shared = relations(g, weights, tokens, fixed=short, heads=weights.heads)
        return _encoder(g, x, weights, precision, tokens, shared, attend_together)

    def long_body(g: GraphBuilder) -> str:
        shared = relations(g, weights, tokens, fixed=None, heads=None)
        return _encoder(g, x, weights, precision, tokens, shared, attend_by_head)

    # One If around everything, not one in each layer: entering a branch costs as much as several
    # nodes. Both bodies use the same weights.
    is_short = g.op("LessOrEqual", g.op("Squeeze", tokens), g.constant(np.array(short)))
    labels = len(weights.classifier.bias)
    logits = g.branch(is_short, short_body, long_body, (1, labels))
    inputs = ["input_ids"] + ["token_type_ids"] * (weights.types is not None)
    tensors = [helper.make_tensor_value_info(i, TensorProto.INT64, [1, "T"]) for i in inputs]
    notes = {} if weights.folded_norm is None else {FOLDED_NORM: dump_norm(weights.folded_norm)}
    return _serialise(g.model(tensors, logits, [1, labels], **notes))


def _encoder(
    g: GraphBuilder,
    x: str,
    weights: DebertaWeights,
    precision: Precision,
    tokens: str,
    shared: Relations,
    attend: Callable[..., str],
) -> str:
    """Embedded tokens [T, hidden] -> logits [1, labels]."""
    *body, last = weights.layers
    for i, layer in enumerate(body):
        name = f"layer.{i}"
        joined = _join(layer.query, layer.key, layer.value)
        projected = linear(g, x, joined, f"{name}.query_key_value", precision)
        mixed = attend(g, projected, layer, weights, shared, precision.table)
        x = _finish(g, mixed, x, layer, weights.activation, name, precision)
    name = f"layer.{len(body)}"
    mixed = attend_first(g, x, last, weights, tokens, f"{name}.query_key_value", precision)
    first = g.slice(x, g.integers(0), g.integers(1), 0)
    x = _finish(g, mixed, first, last, weights.activation, name, precision)
    x = linear(g, x, weights.pooler, "pooler", precision)
    x = _activation(g, x, weights.pooler_activation)
    return linear(g, x, weights.classifier, "classifier", precision)


def _embeddings(g: GraphBuilder, weights: DebertaWeights, tokens: str, storage: Storage) -> str:
    """Token ids [1, T] -> [T, hidden]."""
    x = rows_by_id(g, weights.words.numpy(), g.reshape("input_ids", -1), storage)
    if weights.positions is not None:
        positions = first_rows(g, weights.positions.numpy(), tokens, storage)
        x = g.op("Add", x, positions)
    if weights.types is not None:
        rows = floats(g, weights.types.numpy(), "fp32")
        x = g.op("Add", x, g.op("Gather", rows, g.reshape("token_type_ids", -1)))
    if weights.projection is not None:
        matrix = weights.projection.numpy().T
        x = g.op("MatMul", x, floats(g, matrix, "fp16" if storage == "fp16" else "fp32"))
    return x if weights.embedding_norm is None else _norm(g, x, weights.embedding_norm)


def _finish(
    g: GraphBuilder,
    mixed: str,
    residual: str,
    layer: LayerWeights,
    activation: str,
    name: str,
    precision: Precision,
) -> str:
    """What follows attention: output projection, feed-forward, and their residual norms."""
    y = linear(g, mixed, layer.attention_output, f"{name}.attention_output", precision)
    x = _norm(g, _sum(g, y, residual), layer.attention_norm)
    y = linear(g, x, layer.intermediate, f"{name}.intermediate", precision)
    y = linear(g, _activation(g, y, activation), layer.output, f"{name}.output", precision)
    return _norm(g, _sum(g, y, x), layer.output_norm)


def _sum(g: GraphBuilder, y: str, residual: str) -> str:
    # Sum, not Add: ONNX Runtime fuses Add and a norm into a kernel that is slower on CPUs.
    return g.op("Sum", y, residual)


def _norm(g: GraphBuilder, x: str, norm: Norm) -> str:
    weight, bias = g.constant(norm.weight.numpy()), g.constant(norm.bias.numpy())
    return g.op("LayerNormalization", x, weight, bias, axis=-1, epsilon=norm.epsilon)


def _activation(g: GraphBuilder, x: str, name: str) -> str:
    if name not in ACTIVATIONS:
        raise UnsupportedModelError(f"config.json: activation {name!r} cannot be written to ONNX")
    kind, own = ACTIVATIONS[name]
    return g.microsoft(kind, x) if own else g.op(kind, x)


def _join(*parts: Linear) -> Linear:
    return Linear(torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts]))


def _serialise(model: Any) -> bytes:
    size = model.ByteSize()
    if size > _PROTOBUF_LIMIT:
        raise UnsupportedModelError(
            f"{size / 1e9:.1f} GB do not fit one .onnx file; choose int8 or fp16"
        )
    serialised: bytes = model.SerializeToString()
    return serialised
