"""The attention of the last layer, of which only the first token's row is used."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from guardlet_export.deberta_weights import DebertaWeights, LayerWeights
from guardlet_export.onnx_graph.builder import GraphBuilder
from guardlet_export.onnx_graph.linear import first_rows, linear
from guardlet_export.onnx_graph.precision import Precision


def attend_first(
    g: GraphBuilder,
    x: str,
    layer: LayerWeights,
    weights: DebertaWeights,
    tokens: str,
    name: str,
    precision: Precision,
) -> str:
    """x [T, hidden] -> mixed values [1, hidden] of the first token; `tokens` is int64 [1], T.

    The mix of projected values is the projection of the mixed inputs, which is one row a head
    instead of one a token.
    """
    heads, size, hidden = weights.heads, weights.head_size, weights.hidden
    first = g.slice(x, g.integers(0), g.integers(1), 0)
    query = linear(g, first, layer.query, name, precision)
    key = linear(g, x, layer.key, name, precision)

    def facing(table: Tensor) -> str:
        """What the table holds for distances 0, -1, ..., as [T, hidden]."""
        middle = weights.max_length - 1
        rows = weights.distances[: middle + 1].flip(0)
        by_token = table[:, :, rows].permute(2, 0, 1).reshape(-1, hidden).numpy()
        return first_rows(g, by_token, tokens, precision.table)

    def per_head(products: str) -> str:
        """[T, hidden] -> the sum over each head's components, [T, heads]."""
        return g.op("ReduceSum", g.reshape(products, -1, heads, size), g.integers(2), keepdims=0)

    target = key
    if layer.position_key is not None:
        target = g.op("Add", key, facing(layer.position_key))
    products = g.op("Mul", target, query)
    if layer.position_query is not None:
        products = g.op("Add", products, g.op("Mul", key, facing(layer.position_query)))
    scores = g.op("Transpose", per_head(products), perm=[1, 0])
    inputs = g.op("MatMul", g.op("Softmax", scores, axis=-1), x)
    values = linear(g, inputs, layer.value, name, precision)
    # Line h of `values` is right in the components of head h only.
    own = np.repeat(np.eye(heads, dtype=np.float32), size, axis=1)
    return g.op("ReduceSum", g.op("Mul", values, g.constant(own)), g.integers(0), keepdims=1)
