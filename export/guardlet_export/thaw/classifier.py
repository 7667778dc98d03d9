"""A Hugging Face classifier of a DeBERTa's weights: the inverse of `deberta_weights`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

from guardlet_export.deberta_weights import DebertaWeights, LayerWeights, Linear, Norm
from guardlet_export.thaw.buckets import bucket_settings
from guardlet_export.thaw.positions import KnownRows, factored


def classifier_of(
    weights: DebertaWeights, labels: Sequence[str], pad: int
) -> DebertaV2ForSequenceClassification:
    """The classifier that `read_weights` reads such weights of, in other words the same function.

    `labels` are the names of its outputs, `pad` is the id of the padding token. The position
    projections are its own: where a model shared them with query and key, this one no longer does.
    Raises ThawError.
    """
    model = DebertaV2ForSequenceClassification(_config(weights, labels, pad))
    model.load_state_dict(dict(_state(weights)))
    return model.eval()


def _config(weights: DebertaWeights, labels: Sequence[str], pad: int) -> DebertaV2Config:
    first, norm = weights.layers[0], weights.embedding_norm or weights.folded_norm
    relative = bucket_settings(weights.distances) if _kinds(first) else {}
    return DebertaV2Config(
        vocab_size=len(weights.words),
        hidden_size=weights.hidden,
        embedding_size=weights.words.shape[1],
        num_hidden_layers=len(weights.layers),
        num_attention_heads=weights.heads,
        intermediate_size=len(first.intermediate.bias),
        hidden_act=weights.activation,
        pooler_hidden_act=weights.pooler_activation,
        pooler_hidden_size=weights.hidden,
        max_position_embeddings=weights.max_length,
        position_biased_input=weights.positions is not None,
        type_vocab_size=0 if weights.types is None else len(weights.types),
        layer_norm_eps=norm.epsilon if norm else first.output_norm.epsilon,
        relative_attention=bool(relative),
        pos_att_type=_kinds(first),
        share_att_key=False,
        norm_rel_ebd="none",
        pad_token_id=pad,
        id2label=dict(enumerate(labels)),
        label2id={name: index for index, name in enumerate(labels)},
        **relative,
    )


def _kinds(layer: LayerWeights) -> list[str]:
    terms = {"c2p": layer.position_key, "p2c": layer.position_query}
    return [kind for kind, table in terms.items() if table is not None]


def _state(weights: DebertaWeights) -> Iterator[tuple[str, Tensor]]:
    """Names and values of every parameter."""
    yield from _embeddings(weights)
    # The score scale of equation 4, which is in the weights here and not in transformers.
    scale = math.sqrt((1 + len(_kinds(weights.layers[0]))) * weights.head_size)
    for i, layer in enumerate(weights.layers):
        name = f"deberta.encoder.layer.{i}"
        query = Linear(layer.query.weight * scale, layer.query.bias * scale)
        yield from _pair(f"{name}.attention.self.query_proj", query)
        yield from _pair(f"{name}.attention.self.key_proj", layer.key)
        yield from _pair(f"{name}.attention.self.value_proj", layer.value)
        yield from _pair(f"{name}.attention.output.dense", layer.attention_output)
        yield from _pair(f"{name}.attention.output.LayerNorm", layer.attention_norm)
        yield from _pair(f"{name}.intermediate.dense", layer.intermediate)
        yield from _pair(f"{name}.output.dense", layer.output)
        yield from _pair(f"{name}.output.LayerNorm", layer.output_norm)
    yield from _positions(weights, scale)
    yield from _pair("pooler.dense", weights.pooler)
    yield from _pair("classifier", weights.classifier)


def _pair(name: str, part: Linear | Norm) -> Iterator[tuple[str, Tensor]]:
    yield f"{name}.weight", part.weight
    yield f"{name}.bias", part.bias


def _embeddings(weights: DebertaWeights) -> Iterator[tuple[str, Tensor]]:
    name, words, norm = "deberta.embeddings", weights.words, weights.embedding_norm
    if norm is None and weights.folded_norm is not None:
        norm = weights.folded_norm
        scale = torch.where(norm.weight == 0, 1, norm.weight)
        words = (words - norm.bias) / scale  # what the norm makes `words` of
    if norm is not None:
        yield from _pair(f"{name}.LayerNorm", norm)
    yield f"{name}.word_embeddings.weight", words
    if weights.positions is not None:
        yield f"{name}.position_embeddings.weight", weights.positions
    if weights.types is not None:
        yield f"{name}.token_type_embeddings.weight", weights.types
    if weights.projection is not None:
        yield f"{name}.embed_proj.weight", weights.projection


def _positions(weights: DebertaWeights, scale: float) -> Iterator[tuple[str, Tensor]]:
    """Relative-position embeddings, and both projections of each layer that has them."""
    middle = weights.max_length - 1
    reached = np.unique(weights.distances.numpy())
    by_first_token = np.unique(weights.distances[: middle + 1].numpy())
    names, tables = [], []
    for i, layer in enumerate(weights.layers):
        rows = by_first_token if i == len(weights.layers) - 1 else reached
        parts = {"key": (layer.position_key, 1.0), "query": (layer.position_query, scale)}
        for part, (table, factor) in parts.items():
            if table is not None:
                by_row = table.reshape(-1, table.shape[-1]).T.double().numpy() * factor
                names.append(f"deberta.encoder.layer.{i}.attention.self.pos_{part}_proj")
                tables.append(KnownRows(rows, by_row[rows]))
    if not tables:
        return
    embeddings, projections = factored(tables, weights.table_rows, weights.hidden)
    yield "deberta.encoder.rel_embeddings.weight", _tensor(embeddings)
    for name, (weight, bias) in zip(names, projections, strict=True):
        yield from _pair(name, Linear(_tensor(weight), _tensor(bias)))


def _tensor(values: Any) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
