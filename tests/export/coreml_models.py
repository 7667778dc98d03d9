"""Tiny classifiers as Core ML artifacts, each emitted once however many tests look at it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from deberta_models import DEBERTA_V3, TRANSPLANTED, random_deberta

from guardlet.encoder import Window
from guardlet_export.coreml.emit import emit_coreml
from guardlet_export.coreml.formats import FORMATS

LENGTHS = (8, 16)
CONFIGS = {"v3": DEBERTA_V3, "transplanted": TRANSPLANTED}


@cache
def tiny(config: str) -> Any:
    """With weights of the usual size: what large ones make of rounding says little."""
    model = random_deberta(1, **CONFIGS[config])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and "embeddings" not in name:
                parameter *= 2 / 3
    return model


def artifact(root: Path, config: str, form: str, lengths: tuple[int, ...] = LENGTHS) -> Path:
    """The entry of an artifact below `root`."""
    return _emit(root, config, form, lengths)


@cache
def _emit(root: Path, config: str, form: str, lengths: tuple[int, ...]) -> Path:
    folder = root / f"{config}-{form}-{len(lengths)}"
    entry = folder / FORMATS[form].entry
    entry.parent.mkdir(parents=True)
    emit_coreml(tiny(config), entry, FORMATS[form], max(lengths), lengths)
    return entry


def as_window(inputs: dict[str, torch.Tensor]) -> Window:
    """Unpadded inputs as a runtime gives them to an engine."""
    ids, types = (tuple(inputs[name][0].tolist()) for name in ("input_ids", "token_type_ids"))
    return Window(ids, types, 0, len(ids))


def as_feed(inputs: dict[str, torch.Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    return {name: value.numpy().astype(np.int32) for name, value in inputs.items()}
