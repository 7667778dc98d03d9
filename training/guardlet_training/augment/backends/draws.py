"""Sampling that depends on a row's own seed, not on what else is in the batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor

from guardlet_training.augment.backends.backend import Sampling


class SeededDraws(LogitsProcessor):  # type: ignore[misc]
    """Draws each row's next token from that row's generator and leaves only it possible.

    Greedy decoding then follows the draws. One uniform number a token, put through the inverse of
    the cumulative distribution; with `top_p` < 1 over the likeliest tokens that together reach it
    (nucleus sampling, arXiv 1904.09751).
    """

    def __init__(self, sampling: Sampling, seeds: Sequence[int], prompt_length: int) -> None:
        self._sampling, self._prompt_length = sampling, prompt_length
        self._uniform = torch.stack([_uniform(seed, sampling.max_new_tokens) for seed in seeds])

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.Tensor:
        """Scores [rows, vocabulary] with one finite entry a row; `input_ids` is [rows, length]."""
        step = input_ids.shape[1] - self._prompt_length
        exact = torch.float32 if scores.device.type == "mps" else torch.float64
        chances = torch.softmax(scores.to(exact) / self._sampling.temperature, dim=-1)
        at = self._uniform[:, step : step + 1].to(scores.device, exact)
        chosen = _inverse(chances, at) if self._sampling.top_p >= 1 else self._nucleus(chances, at)
        return torch.full_like(scores, -torch.inf).scatter_(1, chosen, 0.0)

    def _nucleus(self, chances: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        ranked, tokens = torch.sort(chances, dim=-1, descending=True, stable=True)
        before = torch.cumsum(ranked, dim=-1) - ranked
        kept = ranked.masked_fill(before >= self._sampling.top_p, 0.0)
        return tokens.gather(1, _inverse(kept, at))


def _inverse(weights: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """The index, [rows, 1], at which the running sum passes `at` of the whole."""
    sums = torch.cumsum(weights, dim=-1)
    found = torch.searchsorted(sums, at * sums[:, -1:], right=True)
    return found.clamp(max=weights.shape[1] - 1)


def _uniform(seed: int, count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, generator=generator, dtype=torch.float64)
