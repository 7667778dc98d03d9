"""The PyTorch student as an attacker sees it: margins, gradients and verdicts."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from guardlet.encoder import Judged, Window
from guardlet_export.classifier import load_classifier
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import uses_type_ids


class Student:
    """A guard folder's classifier in fp32, its weights frozen.

    The margin of an input is the harmful logit minus the safe one: the verdict is harmful where it
    reaches the margin of the operating point's threshold, which `limit` gives.
    """

    def __init__(self, guard: GuardFolder, threshold: float) -> None:
        """Raises ModelError when the folder holds no classifier."""
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model = load_classifier(str(guard.folder)).float().eval().requires_grad_(False)
        self._model: Any = model.to(self.device)
        self._types = uses_type_ids(model.config)
        self._rules = guard.score
        self._threshold = threshold
        self.encoder = guard.encoder()
        self.tokenizer = Tokenizer.from_str(guard.tokenizer_json)

    @property
    def embeddings(self) -> Tensor:
        """Word embeddings, float [V, E]."""
        weight: Tensor = self._model.get_input_embeddings().weight
        return weight

    @cached_property
    def allowed(self) -> Tensor:
        """bool [V]: the tokens that text can hold, without special and structural ones."""
        rules = self.encoder.rules
        known = torch.zeros(len(self.embeddings), dtype=torch.bool)
        known[: self.tokenizer.get_vocab_size()] = True
        reserved = {*rules.start, *rules.middle, *rules.end, rules.pad}
        known[sorted(reserved | set(self.tokenizer.get_added_tokens_decoder()))] = False
        return known.to(self.device)

    def margins(self, ids: Tensor, types: Tensor) -> Tensor:
        """float [B] on CPU, of int64 [B, T] ids and [T] types of equal lengths."""
        with torch.inference_mode():
            return self._margins(types, input_ids=ids.to(self.device)).cpu()

    def gradient(self, embeds: Tensor, types: Tensor) -> tuple[float, Tensor]:
        """The margin of word embeddings, float [T, E], and its gradient of the same shape."""
        leaf = embeds.detach().clone().requires_grad_()
        (margin,) = self._margins(types, inputs_embeds=leaf[None])
        (gradient,) = torch.autograd.grad(margin, leaf)
        return float(margin), gradient

    def limit(self, judged: Judged) -> float:
        """The least margin that makes a prompt, or a response, harmful."""
        return self._rules.temperature * _logit(self._threshold) - self._rules.bias(judged)

    def reached(self, margin: float, judged: Judged, harmful: bool) -> bool:
        """Whether a margin gives that verdict."""
        return (margin >= self.limit(judged)) == harmful

    def judges_harmful(self, prompt: str, response: str | None) -> bool:
        """The verdict on texts, every window read. Raises EmptyInputError."""
        encoding = self.encoder.encode(prompt, response)
        margins = map(self._window_margin, encoding.windows)
        return any(self.reached(margin, encoding.judged, True) for margin in margins)

    def _window_margin(self, window: Window) -> float:
        return float(self.margins(torch.tensor([window.ids]), torch.tensor(window.type_ids)))

    def _margins(self, types: Tensor, **inputs: Tensor) -> Tensor:
        batch, length = next(iter(inputs.values())).shape[:2]
        inputs["attention_mask"] = torch.ones(batch, length, dtype=torch.long, device=self.device)
        if self._types:
            inputs["token_type_ids"] = types.to(self.device).expand(batch, length)
        logits = self._model(**inputs).logits
        harmful = self._rules.harmful_index
        margins: Tensor = logits[:, harmful] - logits[:, 1 - harmful]
        return margins


def _logit(share: float) -> float:
    if not 0 < share < 1:
        return math.copysign(math.inf, share - 0.5)
    return math.log(share / (1 - share))
