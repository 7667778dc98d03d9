"""The fp32 PyTorch model: what every artifact is compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from guardlet.encoder import Window
from guardlet_export.classifier import load_classifier
from guardlet_export.tokenizer import ROBERTA_FAMILY


class TorchEngine:
    """A Hugging Face sequence classifier in fp32, one window at a time."""

    def __init__(self, model: Any) -> None:
        self.model = model.float().eval()
        self._type_ids = uses_type_ids(model.config)

    @classmethod
    def from_folder(cls, folder: Path) -> TorchEngine:
        """Raises ModelError when `folder` holds no classifier."""
        return cls(load_classifier(str(folder)))

    def logits(self, window: Window) -> NDArray[np.float32]:
        ids = torch.tensor([window.ids])
        feed = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if self._type_ids:
            feed["token_type_ids"] = torch.tensor([window.type_ids])
        with torch.inference_mode():
            logits: NDArray[np.float32] = self.model(**feed).logits[0].numpy()
        return logits


def uses_type_ids(config: Any) -> bool:
    """Whether the model tells prompt and response apart by token types."""
    if getattr(config, "model_type", "") in ROBERTA_FAMILY:
        return False
    return int(getattr(config, "type_vocab_size", 0)) >= 2
