"""Llama-Guard 1, 2 and 3 as teachers: P(unsafe) from the first token of the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from guardlet.errors import BackendError, TeacherError
from guardlet_export.rows import Row
from guardlet_training.augment.backends.causal import causal_model, chat_tokenizer, left_padded
from guardlet_training.augment.teachers.teacher import in_halves
from guardlet_training.augment.teachers.verdict_chat import VerdictChat


class LlamaGuardTeacher:
    """A causal language model whose chat template asks whether a chat is safe or unsafe.

    P(unsafe) is the softmax over the logits of the tokens by which safe and unsafe begin, and no
    others (arXiv 2410.01524, code of its authors). In float32 a batch changes it by less than
    1e-4; bfloat16, in which the models are published and the paper used them, rounds more.
    """

    def __init__(
        self, model: str, *, revision: str | None = None, device: str = "auto", dtype: str = "auto"
    ) -> None:
        """Loads a hub id or folder. Raises TeacherError when it is no such model."""
        self._model = model
        try:
            tokenizer = chat_tokenizer(model, revision)
            self._chat = VerdictChat(model, tokenizer)
            self._network = causal_model(model, revision, device, dtype)
        except BackendError as error:
            raise TeacherError(str(error)) from None
        positions = getattr(self._network.config, "max_position_embeddings", None)
        self._longest = min(tokenizer.model_max_length, positions or tokenizer.model_max_length)

    def score(self, rows: Sequence[Row]) -> list[float | None]:
        """See `Teacher`."""
        prompts = [self._chat.encode(row.prompt, row.response) for row in rows]
        fitting = [i for i, prompt in enumerate(prompts) if len(prompt) <= self._longest]
        scores: list[float | None] = [None] * len(rows)
        if fitting:
            found = in_halves(self._scores, [prompts[i] for i in fitting])
            for i, score in zip(fitting, found, strict=True):
                scores[i] = score
        return scores

    def _scores(self, prompts: Sequence[list[int]]) -> list[float]:
        import torch

        ids, mask = left_padded(prompts, 0)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        device = self._network.device
        with torch.inference_mode():
            logits = self._network(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                position_ids=positions.to(device),
                use_cache=False,
                logits_to_keep=1,
            ).logits[:, -1]
            tokens = self._chat.tokens
            safe, unsafe = (
                logits[:, list(group)].double().logsumexp(1)
                for group in (tokens.safe, tokens.unsafe)
            )
            scores: list[float] = (unsafe - safe).sigmoid().tolist()
        if any(score != score for score in scores):
            raise TeacherError(
                f"{self._model} computes scores that are no numbers; try --dtype float32"
            )
        return scores
