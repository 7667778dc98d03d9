"""DeBERTa-v2/v3 as a small module that exports well: the function of
DebertaV2ForSequenceClassification, for one text at a time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN

from guardlet_export.deberta_weights import DebertaWeights, LayerWeights, Linear, Norm
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.relative_scores import SkewScores, cut

MASKED = -1e4  # finite, and within float16: -inf turns into NaN in a half-precision softmax


class FastDeberta(nn.Module):
    """The classifier for inputs of `length` tokens, or fewer where the exporter allows it.

    Position projections are constants, and the last layer is computed for the first token only.
    `block` is that of SkewScores. Weights are shared with `weights`, not copied. Give float32
    weights: the softmax runs in their dtype.
    """

    def __init__(self, weights: DebertaWeights, length: int, block: int | None = None) -> None:
        super().__init__()
        if not 2 <= length <= weights.max_length:
            raise ValueError(f"length must be 2 to {weights.max_length}, not {length}")
        middle = weights.max_length - 1
        rows = weights.distances[middle - (length - 1) : middle + length]
        self.content_to_position = SkewScores(rows, block)
        self.position_to_content = SkewScores(rows.flip(0), block)
        self.embeddings = _Embeddings(weights, length)
        *body, last = weights.layers
        self.layers = nn.ModuleList(
            _Layer(layer, weights, self.content_to_position, self.position_to_content)
            for layer in body
        )
        # The first token sees distances 0, -1, -2, ...
        self.last = _LastLayer(last, weights, rows[:length].flip(0))
        self.pooler = _linear(weights.pooler)
        self.pooler_activation = _activation(weights.pooler_activation)
        self.classifier = _linear(weights.classifier)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """Logits [1, labels] of integer inputs [1, T], T <= length.

        `attention_mask` is 1 for tokens and 0 for padding; None means no padding. The first token
        must not be padding. `token_type_ids` are read where the model has token types; None means
        type 0.
        """
        x = self.embeddings(input_ids[0], None if token_type_ids is None else token_type_ids[0])
        mask = None if attention_mask is None else (1 - attention_mask.to(x.dtype)) * MASKED
        for layer in self.layers:
            x = layer(x, self.content_to_position, self.position_to_content, mask)
        x = self.last(x, mask)
        logits: Tensor = self.classifier(self.pooler_activation(self.pooler(x)))
        return logits


class _Embeddings(nn.Module):
    """Token ids [T] -> [T, hidden]."""

    positions: Tensor | None

    def __init__(self, weights: DebertaWeights, length: int) -> None:
        super().__init__()
        self.words = _embedding(weights.words)
        positions = weights.positions
        self.register_buffer("positions", None if positions is None else positions[:length])
        self.types = None if weights.types is None else _embedding(weights.types)
        self.projection = None
        if weights.projection is not None:
            no_bias = weights.projection.new_zeros(len(weights.projection))
            self.projection = _linear(Linear(weights.projection, no_bias))
        self.norm = None if weights.embedding_norm is None else _norm(weights.embedding_norm)

    def forward(self, ids: Tensor, type_ids: Tensor | None) -> Tensor:
        x: Tensor = self.words(ids)
        if self.positions is not None:
            x = x + cut(self.positions, 0, 0, ids.shape[0])
        if self.types is not None:
            x = x + (self.types.weight[0] if type_ids is None else self.types(type_ids))
        if self.projection is not None:
            x = self.projection(x)
        return x if self.norm is None else self.norm(x)


class _Layer(nn.Module):
    """One encoder layer over [T, hidden]. Products are three-dimensional, [heads, T, ...], the
    form ExecuTorch lowers without copies."""

    position_key: Tensor | None
    position_query: Tensor | None

    def __init__(
        self,
        layer: LayerWeights,
        weights: DebertaWeights,
        content_to_position: SkewScores,
        position_to_content: SkewScores,
    ) -> None:
        super().__init__()
        self.heads = weights.heads
        self.query_key_value = _linear(_join(layer.query, layer.key, layer.value))
        key, query = layer.position_key, layer.position_query
        self.register_buffer(
            "position_key", None if key is None else content_to_position.columns(key)
        )
        self.register_buffer(
            "position_query", None if query is None else position_to_content.columns(query)
        )
        self.finish = _Finish(layer, weights)

    def forward(
        self,
        x: Tensor,
        content_to_position: nn.Module,
        position_to_content: nn.Module,
        mask: Tensor | None,
    ) -> Tensor:
        parts = _parts(self.query_key_value(x), 3)
        query, key, value = (_split_heads(part, self.heads) for part in parts)
        scores = torch.bmm(query, key.transpose(1, 2))
        if self.position_key is not None:
            scores = scores + content_to_position(query, self.position_key)
        if self.position_query is not None:
            by_key = position_to_content(key, self.position_query)
            scores = scores + by_key.transpose(1, 2)
        return self.finish(_attend(scores, mask, value), x)  # type: ignore[no-any-return]


class _LastLayer(nn.Module):
    """The last encoder layer, for the first token only: [T, hidden] -> [1, hidden]."""

    position_key: Tensor | None
    position_query: Tensor | None

    def __init__(self, layer: LayerWeights, weights: DebertaWeights, rows: Tensor) -> None:
        """`rows` [length]: row of the position tables for each distance 0, -1, ..."""
        super().__init__()
        self.heads = weights.heads
        self.query = _linear(layer.query)
        self.key_value = _linear(_join(layer.key, layer.value))
        for name in ("position_key", "position_query"):
            table = getattr(layer, name)
            by_token = None if table is None else table[:, :, rows].transpose(1, 2).contiguous()
            self.register_buffer(name, by_token)
        self.finish = _Finish(layer, weights)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        tokens = x.shape[0]
        first = x[:1]
        query = _split_heads(self.query(first), self.heads)
        key, value = (_split_heads(y, self.heads) for y in _parts(self.key_value(x), 2))
        target = key
        if self.position_key is not None:
            target = key + cut(self.position_key, 1, 0, tokens)
        scores = torch.bmm(query, target.transpose(1, 2))
        if self.position_query is not None:
            by_key = key * cut(self.position_query, 1, 0, tokens)
            scores = scores + by_key.sum(-1).unsqueeze(1)
        return self.finish(_attend(scores, mask, value), first)  # type: ignore[no-any-return]


class _Finish(nn.Module):
    """What follows attention: output projection, feed-forward, and their residual norms."""

    def __init__(self, layer: LayerWeights, weights: DebertaWeights) -> None:
        super().__init__()
        self.attention_output = _linear(layer.attention_output)
        self.attention_norm = _norm(layer.attention_norm)
        self.intermediate = _linear(layer.intermediate)
        self.activation = _activation(weights.activation)
        self.output = _linear(layer.output)
        self.output_norm = _norm(layer.output_norm)

    def forward(self, attended: Tensor, residual: Tensor) -> Tensor:
        x = self.attention_norm(self.attention_output(attended) + residual)
        y = self.output(self.activation(self.intermediate(x)))
        normed: Tensor = self.output_norm(y + x)
        return normed


def _attend(scores: Tensor, mask: Tensor | None, value: Tensor) -> Tensor:
    if mask is not None:
        scores = scores + mask
    mixed = torch.bmm(torch.softmax(scores, dim=-1), value)
    return mixed.transpose(0, 1).reshape(scores.shape[1], -1)


def _parts(x: Tensor, count: int) -> list[Tensor]:
    """Equal parts of the columns. XNNPACK takes slices, and not the split that `chunk` becomes."""
    width = x.shape[1] // count
    return [cut(x, 1, i * width, (i + 1) * width) for i in range(count)]


def _split_heads(x: Tensor, heads: int) -> Tensor:
    return x.reshape(x.shape[0], heads, -1).transpose(0, 1)


def _join(*parts: Linear) -> Linear:
    return Linear(torch.cat([p.weight for p in parts]), torch.cat([p.bias for p in parts]))


def _linear(weights: Linear) -> nn.Linear:
    outputs, inputs = weights.weight.shape
    # "meta": no memory for weights that are replaced on the next lines.
    module = nn.Linear(inputs, outputs, device="meta")
    module.weight = nn.Parameter(weights.weight, requires_grad=False)
    module.bias = nn.Parameter(weights.bias, requires_grad=False)
    return module


def _embedding(rows: Tensor) -> nn.Embedding:
    count, width = rows.shape
    module = nn.Embedding(count, width, device="meta")
    module.weight = nn.Parameter(rows, requires_grad=False)
    return module


def _norm(weights: Norm) -> nn.LayerNorm:
    module = nn.LayerNorm(weights.weight.shape[0], weights.epsilon, device="meta")
    module.weight = nn.Parameter(weights.weight, requires_grad=False)
    module.bias = nn.Parameter(weights.bias, requires_grad=False)
    return module


def _activation(name: str) -> Any:
    if name not in ACT2FN:
        raise UnsupportedModelError(f"config.json: unknown activation {name!r}")
    return ACT2FN[name]
