"""Loading a causal language model with its chat template, and feeding it a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from guardlet.errors import BackendError

if TYPE_CHECKING:
    import torch


# What transformers raises for a broken or missing model has no common type.
def chat_tokenizer(model: str, revision: str | None) -> Any:
    """Of a hub id or folder. Raises BackendError, also when it has no chat template."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model, revision=revision)
    except Exception as error:
        raise _unloadable(model, error) from None
    if tokenizer.chat_template is None:
        raise BackendError(
            f"{model} has no chat template, so it cannot be asked for anything; give a model that "
            "was tuned to follow instructions"
        )
    return tokenizer


def causal_model(model: str, revision: str | None, device: str, dtype: str) -> Any:
    """Of a hub id or folder, in evaluation mode. `device` and `dtype` may be `auto`: the GPU, if
    any, and the type of the saved weights. Raises BackendError."""
    from transformers import AutoModelForCausalLM

    try:
        network = AutoModelForCausalLM.from_pretrained(
            model, revision=revision, dtype=dtype, device_map=best_device(device)
        )
    except Exception as error:
        raise _unloadable(model, error) from None
    return network.eval()


def best_device(device: str) -> str:
    """`device`, where `auto` stands for what this machine has; `auto` itself, which spreads a
    model over several GPUs, where it has any."""
    import torch

    if device != "auto" or torch.cuda.is_available():
        return device
    return "mps" if torch.backends.mps.is_available() else "cpu"


def left_padded(prompts: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, int64 [prompts, longest], so that all prompts end together."""
    import torch

    longest = max(map(len, prompts))
    ids = torch.full((len(prompts), longest), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    return ids, mask


def _unloadable(model: str, error: Exception) -> BackendError:
    return BackendError(
        f"cannot load {model} as a chat model ({type(error).__name__}); check the id, the network "
        "and that the folder holds a causal language model and its tokenizer"
    )
