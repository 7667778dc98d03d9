"""Small random DeBERTa classifiers of every kind the fast graph computes."""

from __future__ import annotations

from typing import Any

import torch
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

VOCABULARY = 50

DEBERTA_V3 = {
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "norm_rel_ebd": "layer_norm",
    "position_buckets": 4,
}
TRANSPLANTED = DEBERTA_V3 | {
    "share_att_key": False,
    "position_biased_input": True,
    "type_vocab_size": 2,
}


def random_deberta(seed: int = 0, **settings: Any) -> DebertaV2ForSequenceClassification:
    """Weights are large: attention is sharp and norms are uneven, so that errors show."""
    config = DebertaV2Config(
        **{
            "vocab_size": VOCABULARY,
            "hidden_size": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 3,
            "intermediate_size": 40,
            "max_position_embeddings": 32,
            "relative_attention": True,
            "pad_token_id": 0,
            "attn_implementation": "eager",
        }
        | settings
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = DebertaV2ForSequenceClassification(config).eval()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "LayerNorm.weight" in name:
                    parameter.normal_(1, 0.3)
                elif parameter.dim() == 1:
                    parameter.normal_(0, 0.3)
                else:
                    width = 1 if "embeddings" in name else parameter.shape[1]
                    parameter.normal_(0, 1.5 / width**0.5)
    return model


def random_inputs(length: int, padding: int = 0, seed: int = 0) -> dict[str, torch.Tensor]:
    """One text of `length` tokens, the last `padding` of them padding."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, VOCABULARY, (1, length), generator=draw)
    types = torch.randint(0, 2, (1, length), generator=draw)
    mask = torch.ones_like(ids)
    if padding:
        mask[:, -padding:] = 0
        ids[:, -padding:] = 0
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def eager_logits(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """What transformers computes."""
    feed = dict(inputs)
    if model.config.type_vocab_size < 2:
        del feed["token_type_ids"]
    with torch.inference_mode():
        logits: torch.Tensor = model(**feed).logits
    return logits
