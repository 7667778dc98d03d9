"""Tiny classifiers as ExecuTorch programs, each lowered once however many tests look at it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from deberta_models import DEBERTA_V3, TRANSPLANTED, random_deberta

from guardlet.encoder import Window
from guardlet_export.executorch_export import FORMATS, emit_executorch

# Multiples of 32, so that the 4-bit forms have whole groups.
_SHAPE = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}
_CONFIGS = {"mild": DEBERTA_V3 | _SHAPE, "transplanted": TRANSPLANTED | _SHAPE}


@cache
def tiny(config: str) -> Any:
    """`mild` has smaller weights, nearer to a trained model's: what 8 and 4 bits are made for."""
    model = random_deberta(1, **_CONFIGS[config])
    if config == "mild":
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.dim() == 2 and "embeddings" not in name:
                    parameter *= 0.5
    return model


@cache
def program(root: Path, config: str, form: str, lengths: tuple[int, ...]) -> Path:
    """A .pte file below `root`."""
    target = root / f"{config}-{form}-{len(lengths)}.pte"
    emit_executorch(tiny(config), target, max(lengths), FORMATS[form], lengths)
    return target


def as_window(inputs: dict[str, torch.Tensor]) -> Window:
    """Unpadded inputs as a runtime gives them to an engine."""
    ids, types = (tuple(inputs[name][0].tolist()) for name in ("input_ids", "token_type_ids"))
    return Window(ids, types, 0, len(ids))
