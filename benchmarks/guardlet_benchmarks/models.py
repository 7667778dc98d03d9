"""Classifiers of well-known shapes with random weights, and windows for them to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

from guardlet.encoder import Window

_CLS, _SEP, _FIRST_WORD = 1, 2, 5
SCORE_SPREAD = 3.0
_FITTED_ON = 16
_FITTED_LENGTH = 48


@dataclass(frozen=True)
class Shape:
    """`transplanted`: a BERT turned into a DeBERTa, as guardlet-mini is, with absolute positions,
    token types and position projections of their own; else DeBERTa-v3."""

    layers: int
    hidden: int
    heads: int
    intermediate: int
    vocabulary: int = 128100
    transplanted: bool = False


SHAPES = {
    "tiny": Shape(2, 64, 2, 128, 600),
    "mini": Shape(10, 384, 12, 1536, 30522, transplanted=True),
    "xsmall": Shape(12, 384, 6, 1536),
    "small": Shape(6, 768, 12, 3072),
    "base": Shape(12, 768, 12, 3072),
    "large": Shape(24, 1024, 16, 4096),
}


def random_model(
    shape: Shape, seed: int = 0, spread: float = SCORE_SPREAD
) -> DebertaV2ForSequenceClassification:
    """Activations of about unit size in every layer, and scores spread from 0 to 1, so that the
    error of a score means something. `spread`: standard deviation of the difference of the two
    logits."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = DebertaV2ForSequenceClassification(deberta_config(shape)).eval()
        for name, parameter in model.named_parameters():
            if "embeddings" in name and parameter.dim() == 2:
                parameter.normal_(0, 1)
            elif parameter.dim() == 2:
                parameter.normal_(0, parameter.shape[1] ** -0.5)
            elif name.endswith("LayerNorm.weight"):
                parameter.normal_(1, 0.2)
            else:
                parameter.normal_(0, 0.1)
        _spread_scores(model, spread)
    return model


def random_windows(config: Any, length: int, count: int, seed: int) -> list[Window]:
    """Pairs of texts in one window of `length` tokens; frequent tokens are frequent, as in text
    (log-uniform ids)."""
    draw = np.random.default_rng([seed, length])
    words = config.vocab_size - _FIRST_WORD
    two_types = int(config.type_vocab_size >= 2)
    middle = length // 2
    windows = []
    for _ in range(count):
        ids = (_FIRST_WORD + words ** draw.random(length) - 1).astype(int).tolist()
        ids[0], ids[middle], ids[-1] = _CLS, _SEP, _SEP
        types = [0] * (middle + 1) + [two_types] * (length - middle - 1)
        windows.append(Window(tuple(ids), tuple(types), 1, middle - 1))
    return windows


def deberta_config(shape: Shape) -> DebertaV2Config:
    """Of a two-label classifier that reads up to 512 tokens."""
    return DebertaV2Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.intermediate,
        max_position_embeddings=512,
        relative_attention=True,
        position_buckets=32 if shape.transplanted else 256,
        norm_rel_ebd="layer_norm",
        share_att_key=not shape.transplanted,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=shape.transplanted,
        type_vocab_size=2 if shape.transplanted else 0,
        layer_norm_eps=1e-12 if shape.transplanted else 1e-7,
        pooler_hidden_size=shape.hidden,
        pooler_hidden_act="gelu",
        num_labels=2,
    )


def _spread_scores(model: Any, spread: float) -> None:
    """Sets the classifier so that the logits of random windows differ by +-`spread`."""
    model.classifier.bias.zero_()
    windows = random_windows(model.config, _FITTED_LENGTH, _FITTED_ON, seed=99)
    ids = torch.tensor([window.ids for window in windows])
    types = torch.tensor([window.type_ids for window in windows])
    logits = model(ids, token_type_ids=types).logits
    scale = spread / (logits[:, 1] - logits[:, 0]).std()
    model.classifier.weight.mul_(scale)
    model.classifier.bias.copy_(-scale * logits.mean(0))
