"""A causal language model in this process, with transformers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from guardlet.errors import BackendError
from guardlet_training.augment.backends.backend import Chat, Sampling
from guardlet_training.augment.backends.causal import (
    causal_model,
    chat_tokenizer,
    left_padded,
)
from guardlet_training.augment.backends.messages import NO_THINKING, messages, template_options
from guardlet_training.augment.backends.revision import model_revision

_MARK = "\u2402"


class TransformersBackend:
    """Completes chats in batches, left padded.

    A row's random draws come from its own seed, so its text does not depend on the batch, up to
    rounding: batched arithmetic may tip a draw that falls between two tokens, in bfloat16 sooner
    than in float32. `batch_size` 1 leaves no such difference.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        batch_size: int = 16,
    ) -> None:
        """Loads a hub id or folder. Raises BackendError when it cannot be loaded or its tokenizer
        has no chat template."""
        self.model, self.revision = model, model_revision(model, revision)
        self._batch_size = batch_size
        self._tokenizer = chat_tokenizer(model, revision)
        self._network = causal_model(model, revision, device, dtype)
        self._ends = self._end_tokens()

    def complete(
        self, chats: Sequence[Chat], sampling: Sampling, seeds: Sequence[int]
    ) -> list[str]:
        """One continuation a chat. Raises BackendError when the template takes no such chat, a chat
        is longer than the model's context, or the memory of the device is not enough."""
        prompts = [self._encode(chat) for chat in chats]
        self._check_lengths(prompts, sampling.max_new_tokens)
        return [
            text
            for begin in range(0, len(prompts), self._batch_size)
            for text in self._batch(
                prompts[begin : begin + self._batch_size],
                sampling,
                seeds[begin : begin + self._batch_size],
            )
        ]

    def close(self) -> None:
        """Frees the weights."""
        del self._network

    def _encode(self, chat: Chat) -> list[int]:
        text = self._render(messages(chat), **template_options(chat))
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        if not ids:
            raise BackendError(f"the chat template of {self.model} shows it nothing of a request")
        return ids

    def _check_lengths(self, prompts: Sequence[Sequence[int]], new: int) -> None:
        limit = getattr(self._network.config.get_text_config(), "max_position_embeddings", None)
        longest = max(map(len, prompts), default=0)
        if limit and longest + new > limit:
            raise BackendError(
                f"a request of {longest} tokens and {new} new ones do not fit into the {limit} of "
                f"{self.model}; ask for fewer exemplars or new tokens"
            )

    def _render(self, turns: list[dict[str, str]], **options: bool) -> str:
        from jinja2 import TemplateError

        try:
            text: str = self._tokenizer.apply_chat_template(
                turns, tokenize=False, **options, **NO_THINKING
            )
        except (TemplateError, ValueError, TypeError):
            roles = ", ".join(turn["role"] for turn in turns)
            raise BackendError(
                f"the chat template of {self.model} takes no chat of the turns {roles}"
            ) from None
        return text

    def _batch(
        self, prompts: Sequence[list[int]], sampling: Sampling, seeds: Sequence[int]
    ) -> Iterator[str]:
        import torch

        device = self._network.device
        ids, mask = left_padded(prompts, self._ends[0])
        longest = ids.shape[1]
        try:
            with torch.inference_mode():
                output = self._network.generate(
                    input_ids=ids.to(device),
                    attention_mask=mask.to(device),
                    generation_config=self._settings(sampling),
                    use_model_defaults=False,
                    logits_processor=_processors(sampling, seeds, longest),
                )
        except torch.OutOfMemoryError:
            raise BackendError(
                f"{self.model} does not fit into memory with {len(prompts)} rows; take a smaller "
                "batch size"
            ) from None
        for tokens in output[:, longest:].tolist():
            yield self._decode(tokens)

    def _settings(self, sampling: Sampling) -> Any:
        """Greedy, since the draws are the processor's; nothing of the model's own settings."""
        from transformers import GenerationConfig

        return GenerationConfig(
            max_new_tokens=sampling.max_new_tokens,
            do_sample=False,
            eos_token_id=self._ends,
            pad_token_id=self._ends[0],
        )

    def _decode(self, tokens: list[int]) -> str:
        end = next((i for i, token in enumerate(tokens) if token in self._ends), len(tokens))
        text: str = self._tokenizer.decode(
            tokens[:end], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def _end_tokens(self) -> list[int]:
        """The model's and the tokenizer's end tokens, and the special token with which the chat
        template closes an assistant's turn, which many models do not list."""
        listed = self._network.generation_config.eos_token_id
        ends = [*(listed if isinstance(listed, list) else [listed]), self._tokenizer.eos_token_id]
        closed = self._render(messages(Chat("a", prefill=_MARK)), add_generation_prompt=False)
        rest = self._tokenizer(closed.rpartition(_MARK)[2].lstrip(), add_special_tokens=False)
        if rest["input_ids"] and rest["input_ids"][0] in self._tokenizer.added_tokens_decoder:
            ends.append(rest["input_ids"][0])
        size = self._network.get_input_embeddings().num_embeddings
        found = [token for token in dict.fromkeys(ends) if token is not None and token < size]
        if not found:
            raise BackendError(f"{self.model} has no token that ends a text")
        return found


open_backend = TransformersBackend


def _processors(sampling: Sampling, seeds: Sequence[int], prompt_length: int) -> Any:
    from transformers import LogitsProcessorList

    from guardlet_training.augment.backends.draws import SeededDraws

    if sampling.temperature == 0:
        return LogitsProcessorList()
    return LogitsProcessorList([SeededDraws(sampling, seeds, prompt_length)])
