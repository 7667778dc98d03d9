"""Small random DeBERTa classifiers of every kind the fast graph computes."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import strategies as st
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

from guardlet import Window
from guardlet_export.reference import TorchEngine
from guardlet_export.smoothing import STRENGTH, Floats, largest_inputs, smoothing_scales

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

# Every setting the fast graph computes, for any of `random_deberta`'s sizes.
CONFIGS = st.fixed_dictionaries(
    {
        "relative_attention": st.sampled_from([True, True, True, False]),
        "share_att_key": st.booleans(),
        "pos_att_type": st.sampled_from([["p2c", "c2p"], ["c2p"], ["p2c"], [], None, "c2p|p2c"]),
        "position_biased_input": st.booleans(),
        "type_vocab_size": st.sampled_from([0, 1, 2]),
        "norm_rel_ebd": st.sampled_from(["layer_norm", "none"]),
        "position_buckets": st.sampled_from([-1, 4, 8, 40]),
        "max_relative_positions": st.sampled_from([-1, 6, 16, 64]),
        "embedding_size": st.sampled_from([24, 16]),
        "hidden_act": st.sampled_from(["gelu", "relu", "gelu_new"]),
        "pooler_hidden_act": st.sampled_from(["gelu", "tanh"]),
        "num_labels": st.sampled_from([2, 3]),
        "num_hidden_layers": st.sampled_from([1, 2, 3]),
    }
)


def random_deberta(
    seed: int = 0, gain: float = 1.5, **settings: Any
) -> DebertaV2ForSequenceClassification:
    """Weights are large: attention is sharp and norms are uneven, so that errors show. With a
    `gain` of 1 and less they are those of a trained model, which 8 bits hold well."""
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
                    parameter.normal_(0, gain / width**0.5)
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


def scales_on(
    engine: TorchEngine, windows: list[Window], strength: float = STRENGTH
) -> dict[str, Floats]:
    """Smoothing scales of the activations on `windows`."""
    with largest_inputs(engine.model) as largest:
        for window in windows:
            engine.logits(window)
    return smoothing_scales(engine.model, largest, strength)
