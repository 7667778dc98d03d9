"""The weights of a DeBERTa from its ONNX graph: the inverse of `onnx_graph.classifier`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from guardlet_export.deberta_weights import DebertaWeights, LayerWeights, Linear, Norm
from guardlet_export.errors import ThawError
from guardlet_export.onnx_graph.classifier import ACTIVATIONS
from guardlet_export.onnx_graph.folded_norm import FOLDED_NORM, parse_norm
from guardlet_export.thaw.graph import Graph, tensor

# Dense layers: of a layer, of the last layer, and of the head.
_IN_LAYER, _IN_LAST, _IN_HEAD = 4, 6, 2
_NAMES = {operator: name for name, (operator, _) in reversed(ACTIVATIONS.items())}


def read_graph(content: bytes) -> DebertaWeights:
    """What the serialised model computes with, float32.

    The last layer's position tables are zero in the rows that the first token never meets, which
    are not in the file. Raises ThawError for a model of another kind, and anything for one of this
    kind that was tampered with.
    """
    graph = Graph(content)
    linears = [(node, found) for node in graph.inner if (found := graph.linear(node)) is not None]
    dense = [found for _, found in linears]
    count, rest = divmod(len(dense) - _IN_LAST - _IN_HEAD, _IN_LAYER)
    norms = [graph.norm(node) for node in graph.inner if node.op_type == "LayerNormalization"]
    activations = [_NAMES[n.op_type] for n in graph.inner if n.op_type in _NAMES]
    if rest or (len(norms), len(activations)) != (2 * count + 2, count + 2):
        raise ValueError("parts of a layer are missing")
    distances = _distances(graph)
    tables = _tables(graph)
    body = [
        _layer(_split(qkv), linear, norms[2 * i : 2 * i + 2], tables[i])
        for i, (qkv, *linear) in enumerate(_groups(dense, count))
    ]
    last_nodes = [node for node, _ in linears[_IN_LAYER * count :]]
    query, key, value, *linear = dense[_IN_LAYER * count : -_IN_HEAD]
    heads = _heads(graph, last_nodes[2].output[0])
    facing = _facing(graph, last_nodes[1].output[0], distances)
    last = _layer((query, key, value), linear, norms[-2:], facing)
    pooler, classifier = dense[-_IN_HEAD:]
    return DebertaWeights(
        **_embeddings(graph),
        layers=tuple(_by_head(layer, heads) for layer in (*body, last)),
        pooler=pooler,
        classifier=classifier,
        heads=heads,
        activation=activations[0],
        pooler_activation=activations[-1],
        max_length=(len(distances) + 1) // 2,
        distances=distances,
    )


def _groups(dense: list[Linear], count: int) -> list[list[Linear]]:
    return [dense[_IN_LAYER * i : _IN_LAYER * (i + 1)] for i in range(count)]


def _split(joined: Linear) -> tuple[Linear, Linear, Linear]:
    """Query, key and value of the layer that they are in side by side."""
    weights, biases = joined.weight.chunk(3), joined.bias.chunk(3)
    query, key, value = (Linear(*pair) for pair in zip(weights, biases, strict=True))
    return query, key, value


def _layer(
    attention: tuple[Linear, Linear, Linear],
    linear: list[Linear],
    norms: list[Norm],
    tables: tuple[Tensor | None, Tensor | None],
) -> LayerWeights:
    attention_output, intermediate, output = linear
    attention_norm, output_norm = norms
    return LayerWeights(
        *attention,
        *tables,
        attention_output=attention_output,
        attention_norm=attention_norm,
        intermediate=intermediate,
        output=output,
        output_norm=output_norm,
    )


def _distances(graph: Graph) -> Tensor:
    """The first constant cut out of, `by_query` of `onnx_graph.relations`, turned round."""
    lines = (graph.whole(node.input[0]) for node in graph.inner if node.op_type == "Slice")
    by_query = next(line for line in lines if line is not None)
    return torch.from_numpy(by_query[::-1].copy())


def _tables(graph: Graph) -> list[tuple[Tensor | None, Tensor | None]]:
    """Both tables [hidden, rows] of every layer but the last; see `onnx_graph.attention`."""
    by_activation = {
        node.input[0]: tensor(table)
        for node in graph.inner
        if (table := graph.product(node)) is not None
    }
    found = []
    for node in graph.inner:
        if node.op_type == "FusedMatMul":
            query, key = node.input
            back_to_front = by_activation.get(key)
            to_query = None if back_to_front is None else back_to_front.flip(-1)
            found.append((by_activation.get(query), to_query))
    return found


def _facing(graph: Graph, key: str, distances: Tensor) -> tuple[Tensor | None, Tensor | None]:
    """Both tables [hidden, rows] of the last layer; see `onnx_graph.last_layer`. `key` is the
    projected key."""
    middle = len(distances) // 2
    rows = distances[: middle + 1].flip(0)
    found: dict[str, Tensor] = {}
    for node in graph.inner:
        if node.op_type in ("Add", "Mul") and node.input[0] == key:
            by_token = graph.whole(node.input[1])
            if by_token is not None:
                table = torch.zeros(by_token.shape[1], 2 * int(distances[middle]))
                table[:, rows] = tensor(by_token).T
                found[node.op_type] = table
    return found.get("Add"), found.get("Mul")


def _heads(graph: Graph, value: str) -> int:
    """How many lines the mask has that keeps each head's components of the last `value`."""
    node = next(n for n in graph.inner if n.op_type == "Mul" and n.input[0] == value)
    mask = graph.whole(node.input[1])
    if mask is None:
        raise ValueError("no mask of heads")
    return len(mask)


def _by_head(layer: LayerWeights, heads: int) -> LayerWeights:
    def split(table: Tensor | None) -> Tensor | None:
        return None if table is None else table.reshape(heads, -1, table.shape[-1])

    return replace(
        layer,
        position_key=split(layer.position_key),
        position_query=split(layer.position_query),
    )


def _embeddings(graph: Graph) -> dict[str, Any]:
    """The parts of DebertaWeights that come before the layers."""
    node = next((n for n in graph.outer if n.op_type == "LayerNormalization"), None)
    if node is None:
        return _folded(graph)
    end, projection = node.input[0], None
    maker = graph.maker(end)
    if maker is not None and maker.op_type == "MatMul":
        end, projection = maker.input[0], graph.product(maker)
    words, *more = _terms(graph, end)
    types = more.pop() if "token_type_ids" in graph.inputs else None
    return {
        "words": words,
        "positions": more.pop() if more else None,
        "types": types,
        "projection": None if projection is None else tensor(projection.T),
        "embedding_norm": graph.norm(node),
    }


def _folded(graph: Graph) -> dict[str, Any]:
    """The same of word embeddings that nothing is added to, stored as they are when normalised."""
    made = (graph.whole(n.output[0]) for n in reversed(graph.outer))
    words = next(table for table in made if table is not None and table.ndim == 2)
    if FOLDED_NORM not in graph.notes:
        raise ThawError("the bundle was exported before it could be thawed; export its model again")
    nothing = dict.fromkeys(("positions", "types", "projection", "embedding_norm"))
    return {**nothing, "words": tensor(words), "folded_norm": parse_norm(graph.notes[FOLDED_NORM])}


def _terms(graph: Graph, value: str) -> list[Tensor]:
    """The tables whose rows are added up to `value`, in order."""
    table = graph.whole(value)
    if table is not None:
        return [tensor(table)]
    return [term for name in graph.maker(value).input for term in _terms(graph, name)]
