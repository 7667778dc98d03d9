"""What every emitter needs from a DeBERTa-v2/v3 classifier: plain tensors, all that does not
depend on the input computed once.

Names and shapes follow DebertaV2ForSequenceClassification of transformers; the attention is
equation 4 of DeBERTa (arXiv 2006.03654) with the log buckets of its section A.5 (DeBERTa-v2 code).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from guardlet_export.errors import UnsupportedModelError


@dataclass(frozen=True)
class Linear:
    """y = x weightᵀ + bias: weight [out, in], bias [out]."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class Norm:
    """Layer normalisation over the last axis."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True)
class LayerWeights:
    """One encoder layer. The score scale is already in `query` and `position_query`.

    `position_key` and `position_query` [heads, head size, rows] are the projected relative
    positions of the content-to-position and position-to-content terms, None where the model has
    no such term.
    """

    query: Linear
    key: Linear
    value: Linear
    position_key: Tensor | None
    position_query: Tensor | None
    attention_output: Linear
    attention_norm: Norm
    intermediate: Linear
    output: Linear
    output_norm: Norm


@dataclass(frozen=True)
class DebertaWeights:
    """A whole classifier: hidden size h, embedding size e (equal to h but for a few models).

    words [vocabulary, e]; positions [max_length, e] and types [types, e] are added to them where
    present; projection [h, e] follows; then embedding_norm. The norm is None where it could be
    folded into `words`, and then `folded_norm` is what they went through. distances
    [2 max_length - 1]: row of the position tables for the distance
    query - key = index - (max_length - 1).
    """

    words: Tensor
    positions: Tensor | None
    types: Tensor | None
    projection: Tensor | None
    embedding_norm: Norm | None
    layers: tuple[LayerWeights, ...]
    pooler: Linear
    classifier: Linear
    heads: int
    activation: str
    pooler_activation: str
    max_length: int
    distances: Tensor
    folded_norm: Norm | None = None

    @property
    def hidden(self) -> int:
        return self.pooler.weight.shape[0]

    @property
    def head_size(self) -> int:
        return self.hidden // self.heads

    @property
    def table_rows(self) -> int:
        """Rows of the position tables, 0 where there are none."""
        tables = (self.layers[0].position_key, self.layers[0].position_query)
        return max((table.shape[-1] for table in tables if table is not None), default=0)


def read_weights(model: Any, max_length: int | None = None) -> DebertaWeights:
    """Reads a DebertaV2ForSequenceClassification for inputs of at most `max_length` tokens, by
    default what its config says.

    Dtypes stay the model's. Raises UnsupportedModelError naming the setting.
    """
    config = model.config
    length = max_length or config.max_position_embeddings
    _check(config, length)
    deberta = model.deberta
    with torch.no_grad():
        relative = deberta.encoder.get_rel_embedding()
        layers = tuple(_layer(layer, relative, config) for layer in deberta.encoder.layer)
        words, positions, types, projection, norm = _embeddings(deberta.embeddings, length)
        plain = positions is None and types is None and projection is None
        if plain:
            words = norm(words)
    return DebertaWeights(
        words=words,
        positions=positions,
        types=types,
        projection=projection,
        embedding_norm=None if plain else norm,
        layers=layers,
        pooler=_linear(model.pooler.dense),
        classifier=_linear(model.classifier),
        heads=config.num_attention_heads,
        activation=config.hidden_act,
        pooler_activation=config.pooler_hidden_act,
        max_length=length,
        distances=distance_rows(config, length),
        folded_norm=norm if plain else None,
    )


def is_deberta(model: Any) -> bool:
    """Whether `model` is a classifier this module reads."""
    return type(model).__name__ == "DebertaV2ForSequenceClassification"


def _check(config: Any, length: int) -> None:
    if config.model_type != "deberta-v2":
        raise UnsupportedModelError(f"model_type {config.model_type!r} is not 'deberta-v2'")
    size = getattr(config, "attention_head_size", config.hidden_size // config.num_attention_heads)
    wrong = {
        "conv_kernel_size": getattr(config, "conv_kernel_size", 0) > 0,
        "attention_head_size": size * config.num_attention_heads != config.hidden_size,
        "pooler_hidden_size": config.pooler_hidden_size != config.hidden_size,
        "max_position_embeddings": getattr(config, "position_biased_input", True)
        and length > config.max_position_embeddings,
    }
    for setting, unsupported in wrong.items():
        if unsupported:
            value = getattr(config, setting)
            raise UnsupportedModelError(
                f"config.json: {setting} = {value!r} cannot be exported for {length} tokens"
            )
    for setting in ("hidden_act", "pooler_hidden_act"):
        if not isinstance(getattr(config, setting), str):
            raise UnsupportedModelError(f"config.json: {setting} must name an activation")


def _linear(module: Any, scale: float = 1.0) -> Linear:
    return Linear(module.weight.detach() * scale, module.bias.detach() * scale)


def _norm(module: Any) -> Norm:
    return Norm(module.weight.detach(), module.bias.detach(), module.eps)


def _layer(layer: Any, relative: Tensor | None, config: Any) -> LayerWeights:
    attention = layer.attention.self
    kinds = set(config.pos_att_type or ()) & {"c2p", "p2c"}
    scale = 1 / math.sqrt((1 + len(kinds)) * attention.attention_head_size)
    query, key = _linear(attention.query_proj, scale), _linear(attention.key_proj)
    position_key = position_query = None
    if relative is not None:
        shared = attention.share_att_key
        if "c2p" in kinds:
            to_key = key if shared else _linear(attention.pos_key_proj)
            position_key = _position_table(to_key, relative, config.num_attention_heads)
        if "p2c" in kinds:
            to_query = query if shared else _linear(attention.pos_query_proj, scale)
            position_query = _position_table(to_query, relative, config.num_attention_heads)
    return LayerWeights(
        query=query,
        key=key,
        value=_linear(attention.value_proj),
        position_key=position_key,
        position_query=position_query,
        attention_output=_linear(layer.attention.output.dense),
        attention_norm=_norm(layer.attention.output.LayerNorm),
        intermediate=_linear(layer.intermediate.dense),
        output=_linear(layer.output.dense),
        output_norm=_norm(layer.output.LayerNorm),
    )


def _position_table(projection: Linear, relative: Tensor, heads: int) -> Tensor:
    rows = F.linear(relative, projection.weight, projection.bias)
    return rows.view(len(relative), heads, -1).permute(1, 2, 0).contiguous()


def _embeddings(
    module: Any, length: int
) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None, Norm]:
    words = module.word_embeddings.weight.detach()
    positions = types = projection = None
    if module.position_embeddings is not None:
        positions = module.position_embeddings.weight.detach()[:length]
    if module.token_type_embeddings is not None:
        types = module.token_type_embeddings.weight.detach()
        if len(types) == 1:  # a constant: every token has type 0
            words, types = words + types[0], None
    if module.embed_proj is not None:
        projection = module.embed_proj.weight.detach()
    return words, positions, types, projection, _norm(module.LayerNorm)


def distance_rows(config: Any, length: int) -> Tensor:
    """Row of the position table for every distance from -(length-1) to length-1, int64.

    Calls the bucket function of transformers rather than repeating it: its float32 logarithm
    decides on which side of a bucket's edge a distance falls.
    """
    from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

    distances = torch.arange(1 - length, length)
    reach = getattr(config, "max_relative_positions", -1)
    if reach < 1:
        reach = config.max_position_embeddings
    buckets = getattr(config, "position_buckets", -1)
    if buckets > 0:
        distances = make_log_bucket_position(distances, buckets, reach).to(torch.long)
        reach = buckets
    return torch.clamp(distances + reach, 0, 2 * reach - 1)
