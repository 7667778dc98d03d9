"""vLLM's offline engine, which batches by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guardlet.errors import BackendError
from guardlet_training.augment.backends.backend import Chat, Sampling
from guardlet_training.augment.backends.messages import (
    NO_THINKING,
    messages,
    template_options,
    without_prefill,
)
from guardlet_training.augment.backends.revision import model_revision


class VllmBackend:
    """Completes all chats of a call in one go of `vllm.LLM.chat`.

    Each row has its own seed. vLLM's kernels round differently in other batches, so the same seed
    gives the same text only for the same calls, or with VLLM_BATCH_INVARIANT=1 on GPUs that have
    those kernels.
    """

    def __init__(
        self,
        model: str,
        *,
        revision: str | None = None,
        dtype: str = "auto",
        tensor_parallel: int = 1,
        memory_share: float = 0.9,
        max_length: int | None = None,
    ) -> None:
        """Loads a hub id or folder on `tensor_parallel` GPUs. `max_length` is in tokens, prompt and
        completion. Raises BackendError when vLLM is not installed or cannot load the model."""
        llm = _vllm().LLM
        self.model, self.revision = model, model_revision(model, revision)
        try:
            self._llm = llm(
                model=model,
                revision=revision,
                tokenizer_revision=revision,
                dtype=dtype,
                tensor_parallel_size=tensor_parallel,
                gpu_memory_utilization=memory_share,
                max_model_len=max_length,
                enable_prefix_caching=True,
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise BackendError(f"vLLM cannot load {model} ({type(error).__name__})") from None
        if getattr(self._llm.get_tokenizer(), "chat_template", "own") is None:
            raise BackendError(f"{model} has no chat template, so it cannot be asked for anything")

    def complete(
        self, chats: Sequence[Chat], sampling: Sampling, seeds: Sequence[int]
    ) -> list[str]:
        """One continuation a chat. Raises BackendError when vLLM refuses the chats."""
        texts = [""] * len(chats)
        for begun in (True, False):
            # A call continues the last turns of all its chats, or of none.
            rows = [i for i, chat in enumerate(chats) if bool(chat.prefill) is begun]
            if rows:
                found = self._chat([chats[i] for i in rows], sampling, [seeds[i] for i in rows])
                for row, text in zip(rows, found, strict=True):
                    texts[row] = text
        return texts

    def close(self) -> None:
        """Frees the engine."""
        del self._llm

    def _chat(self, chats: list[Chat], sampling: Sampling, seeds: list[int]) -> list[str]:
        params = [_sampling_params(sampling, seed) for seed in seeds]
        try:
            outputs = self._llm.chat(
                [messages(chat) for chat in chats],
                params,
                use_tqdm=False,
                chat_template_kwargs=NO_THINKING,
                **template_options(chats[0]),
            )
        except (ValueError, TypeError, RuntimeError) as error:
            raise BackendError(
                f"vLLM cannot complete chats with {self.model} ({type(error).__name__}); is the "
                "prompt longer than the model's context, or the turn not in its chat template?"
            ) from None
        return [
            without_prefill(chat, output.outputs[0].text)
            for chat, output in zip(chats, outputs, strict=True)
        ]


open_backend = VllmBackend


def _sampling_params(sampling: Sampling, seed: int) -> Any:
    return _vllm().SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_new_tokens,
        seed=seed,
    )


def _vllm() -> Any:
    try:
        import vllm
    except ModuleNotFoundError:
        raise BackendError("this back end needs vLLM: pip install vllm") from None
    return vllm
