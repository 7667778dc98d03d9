"""Low-rank adapters (LoRA, arXiv 2106.09685) around a classifier, and merging them into it."""

from __future__ import annotations

from typing import Any

from torch import nn

_HEADS = ("classifier", "score")


def with_lora(model: Any, rank: int, alpha: int) -> Any:
    """`model` with adapters on every linear layer below its head, which is trained whole."""
    from peft import LoraConfig, get_peft_model

    heads = [name for name in _HEADS if hasattr(model, name)]
    below = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.split(".")[0] not in heads
    ]
    settings = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=below, modules_to_save=heads
    )
    return get_peft_model(model, settings)


def merged(model: Any) -> Any:
    """The plain classifier, its weights those of `model` with the adapters added."""
    return model.merge_and_unload()
