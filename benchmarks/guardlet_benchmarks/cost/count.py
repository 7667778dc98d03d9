"""Parameters and floating-point operations of a shape, counted without its weights.

A multiplication and an addition are two operations. PyTorch's counter counts matrix products, also
those of attention; the rest (normalisation, softmax, activations) is left out, as is usual.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import DebertaV2ForSequenceClassification, LlamaConfig, LlamaForCausalLM

from guardlet_benchmarks.models import Shape, deberta_config

_FEW_WORDS = 600  # looking a token up is no arithmetic, so a small vocabulary counts the same
_BF16, _FP32 = 2, 4


def _llama(**sizes: Any) -> LlamaConfig:
    config = LlamaConfig(vocab_size=128256, num_attention_heads=32, num_key_value_heads=8, **sizes)
    config._attn_implementation = "eager"  # the counter does not see inside a fused one
    return config


LLAMAS = {
    "llama-guard-3-1b": _llama(
        hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, tie_word_embeddings=True
    ),
    "llama-guard-3-8b": _llama(hidden_size=4096, intermediate_size=14336, num_hidden_layers=32),
}
"""The published configurations of meta-llama/Llama-Guard-3-1B and -8B."""


@dataclass(frozen=True)
class Count:
    """`embedding`: parameters of token tables, in `parameters` too; a tied output is not counted
    twice. `flops_per_token` of one text by its length in tokens. `weights_bytes` as published:
    float32 of the students, bfloat16 of the Llama Guards. `cache_bytes` by length: keys and values
    that generating needs beside the weights."""

    parameters: int
    embedding: int
    weights_bytes: int
    flops_per_token: dict[int, float]
    cache_bytes: dict[int, int]

    @property
    def backbone(self) -> int:
        return self.parameters - self.embedding


def count_student(shape: Shape, lengths: tuple[int, ...]) -> Count:
    """Of a DeBERTa classifier as transformers runs it.

    Layers cost the same, so two small models of one and two layers tell of any number of them:
    DeBERTa cannot be counted on tensors without data.
    """
    with torch.device("meta"):
        whole = DebertaV2ForSequenceClassification(deberta_config(shape))
    parameters = sum(weights.numel() for weights in whole.parameters())
    small = [
        DebertaV2ForSequenceClassification(
            deberta_config(replace(shape, layers=layers, vocabulary=_FEW_WORDS))
        ).eval()
        for layers in (1, 2)
    ]
    flops = {}
    for length in lengths:
        one, two = (_flops(model, length) for model in small)
        flops[length] = (one + (shape.layers - 1) * (two - one)) / length
    embedding = shape.vocabulary * shape.hidden
    return Count(parameters, embedding, _FP32 * parameters, flops, {})


def count_llama(config: LlamaConfig, lengths: tuple[int, ...]) -> Count:
    """Of a Llama reading a text and giving the logits of one verdict token."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():  # shapes without data, so that 8 billion parameters take no memory
        model = LlamaForCausalLM(config).eval()
        parameters = sum(weights.numel() for weights in model.parameters())
        flops = {length: _flops(model, length, logits_to_keep=1) / length for length in lengths}
    tables = 1 if config.tie_word_embeddings else 2
    a_token = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * _BF16
    cache = {length: a_token * length for length in lengths}
    embedding = tables * config.vocab_size * config.hidden_size
    return Count(parameters, embedding, _BF16 * parameters, flops, cache)


def _flops(model: Any, length: int, **options: Any) -> float:
    ids = torch.ones(1, length, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(input_ids=ids, attention_mask=torch.ones_like(ids), **options)
    return float(counter.get_total_flops())
