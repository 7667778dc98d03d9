"""Disentangled self-attention over all tokens of one text, in two forms of the same function.

Products of two activations stay float32: quantising them is slower, and the larger part of the
error of an int8 model.
"""

from __future__ import annotations

from guardlet_export.deberta_weights import DebertaWeights, LayerWeights
from guardlet_export.onnx_graph.builder import GraphBuilder
from guardlet_export.onnx_graph.position_table import PositionTable, position_table
from guardlet_export.onnx_graph.precision import Storage
from guardlet_export.onnx_graph.relations import Relations


def attend_together(
    g: GraphBuilder,
    projected: str,
    layer: LayerWeights,
    weights: DebertaWeights,
    relations: Relations,
    storage: Storage,
) -> str:
    """Queries, keys and values side by side, [T, 3 hidden] -> mixed values [T, hidden].

    One product for all heads: the fewest nodes. Indices of `relations` are [heads, T, T].
    """
    heads, size = weights.heads, weights.head_size
    keys, queries = _tables(g, layer, relations, storage)
    query, key, value = (
        g.op("Transpose", g.reshape(part, -1, heads, size), perm=[1, 0, 2])
        for part in g.split(projected, 3, axis=1)
    )
    scores = g.microsoft("FusedMatMul", query, key, transB=1)
    if keys:
        by_row = keys.stacked(g, heads, size).scores(g, query)
        scores = g.op("Add", scores, _by_pair(g, by_row, relations.by_query))
    if queries:
        by_row = queries.stacked(g, heads, size).scores(g, key)
        by_key = _by_pair(g, by_row, relations.by_key)
        scores = g.op("Add", scores, g.op("Transpose", by_key, perm=[0, 2, 1]))
    mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), value)
    return g.reshape(g.op("Transpose", mixed, perm=[1, 0, 2]), -1, weights.hidden)


def attend_by_head(
    g: GraphBuilder,
    projected: str,
    layer: LayerWeights,
    weights: DebertaWeights,
    relations: Relations,
    storage: Storage,
) -> str:
    """The same with two-dimensional products, one head after the other: a head's scores stay in
    a core's cache from node to node. Indices of `relations` are [T, T]."""
    heads = weights.heads
    keys, queries = _tables(g, layer, relations, storage)
    key_tables = keys.split(g, heads) if keys else []
    query_tables = queries.split(g, heads) if queries else []
    parts = g.split(projected, 3 * heads, axis=1)
    mixed = []
    for head in range(heads):
        query, key, value = parts[head::heads]
        terms = []
        if key_tables:
            by_row = key_tables[head].scores(g, query)
            terms.append(_by_pair(g, by_row, relations.by_query))
        if query_tables:
            by_key = _by_pair(g, query_tables[head].scores(g, key), relations.by_key)
            terms.append(g.op("Transpose", by_key, perm=[1, 0]))
        bias = [g.op("Add", *terms)] if len(terms) == 2 else terms
        scores = g.op("Gemm", query, key, *bias, transB=1)
        mixed.append(g.op("MatMul", g.op("Softmax", scores, axis=-1), value))
    return g.op("Concat", *mixed, axis=1)


def _tables(
    g: GraphBuilder, layer: LayerWeights, relations: Relations, storage: Storage
) -> tuple[PositionTable | None, PositionTable | None]:
    """The tables of both terms, cut to the rows in reach; the second is back to front."""
    keys = queries = None
    if layer.position_key is not None:
        keys = position_table(g, layer.position_key, storage).cut(g, relations.keys)
    if layer.position_query is not None:
        back_to_front = layer.position_query.flip(-1)
        queries = position_table(g, back_to_front, storage).cut(g, relations.queries)
    return keys, queries


def _by_pair(g: GraphBuilder, scores: str, index: str) -> str:
    """Scores by table row -> scores by pair of tokens, both on the last axis."""
    return g.op("GatherElements", scores, index, axis=-1)
