"""A BERT's weights in a DeBERTa that computes the same function, ready to learn more.

DeBERTa divides attention scores by sqrt(3 d) where BERT divides by sqrt(d) (three score terms
instead of one), so query weights are scaled by sqrt(3). Position projections start at zero, which
silences the disentangled terms; absolute positions and token types are kept.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from transformers import (
    BertModel,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
)

from guardlet.errors import RecipeError

_POSITION_BUCKETS = 32
_QUERY_SCALE = math.sqrt(3)


def transplant_bert(
    source: str, dropout: float = 0.1, attention_dropout: float = 0.1
) -> DebertaV2ForSequenceClassification:
    """A two-label DeBERTa with the encoder of the BERT at `source` (hub id or folder).

    Hidden states equal the BERT's within 1e-5 until it is trained. Raises RecipeError when the
    source is not a BERT with GELU and absolute positions.
    """
    bert = BertModel.from_pretrained(source, add_pooling_layer=False)
    config = bert.config
    absolute = getattr(config, "position_embedding_type", "absolute") == "absolute"
    if config.hidden_act != "gelu" or config.model_type != "bert" or not absolute:
        raise RecipeError(
            f"{source} is not a BERT with GELU and absolute positions; it cannot be transplanted"
        )
    model = DebertaV2ForSequenceClassification(_deberta_config(config, dropout, attention_dropout))
    model.load_state_dict(_deberta_state(bert.state_dict(), model.state_dict()))
    return model


def _deberta_config(bert: Any, dropout: float, attention_dropout: float) -> DebertaV2Config:
    return DebertaV2Config(
        vocab_size=bert.vocab_size,
        hidden_size=bert.hidden_size,
        num_hidden_layers=bert.num_hidden_layers,
        num_attention_heads=bert.num_attention_heads,
        intermediate_size=bert.intermediate_size,
        hidden_act="gelu",
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=attention_dropout,
        max_position_embeddings=bert.max_position_embeddings,
        type_vocab_size=bert.type_vocab_size,
        layer_norm_eps=bert.layer_norm_eps,
        relative_attention=True,
        position_buckets=_POSITION_BUCKETS,
        norm_rel_ebd="layer_norm",
        share_att_key=False,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=True,
        pad_token_id=bert.pad_token_id,
        pooler_hidden_size=bert.hidden_size,
        pooler_dropout=dropout,
        pooler_hidden_act="gelu",
        num_labels=2,
        id2label={0: "safe", 1: "harmful"},
        label2id={"safe": 0, "harmful": 1},
    )


def _deberta_state(
    bert: dict[str, torch.Tensor], fresh: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    state = {}
    for name, value in fresh.items():
        if "pos_key_proj" in name or "pos_query_proj" in name:
            state[name] = torch.zeros_like(value)
            continue
        tensor = bert.get(_bert_name(name), value)
        state[name] = tensor * _QUERY_SCALE if "query_proj" in name else tensor
    return state


def _bert_name(name: str) -> str:
    name = name.removeprefix("deberta.")
    for ours, theirs in (("query_proj", "query"), ("key_proj", "key"), ("value_proj", "value")):
        name = name.replace(f"self.{ours}", f"self.{theirs}")
    return name
