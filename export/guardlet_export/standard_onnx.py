"""The standard ONNX route, for encoders without a graph of our own: torch.onnx.export, then
dynamic int8 per channel."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from guardlet_export.reference import uses_type_ids

OPSET = 17
_TRACED_LENGTH = 24


def export_fp32(model: Any, target: Path) -> None:
    """Writes `model` with int64 inputs [batch, length] and output `logits` [batch, labels]."""
    names = ["input_ids", "attention_mask"]
    if uses_type_ids(model.config):
        names.append("token_type_ids")
    # Batch 2 and an odd length keep the tracer from folding either into a constant.
    ids = torch.ones((2, _TRACED_LENGTH + 1), dtype=torch.int64)
    feed = {name: ids if name != "token_type_ids" else ids * 0 for name in names}
    axes = {name: {0: "batch", 1: "length"} for name in names} | {"logits": {0: "batch"}}
    with torch.inference_mode():
        torch.onnx.export(
            _Logits(model, names),
            tuple(feed[name] for name in names),
            str(target),
            input_names=names,
            output_names=["logits"],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def export_int8(model: Any, target: Path) -> None:
    """Writes `model` with int8 weights and embeddings; activations are quantised as it runs."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        full = Path(folder) / "model.onnx"
        export_fp32(model, full)
        quantize_dynamic(
            str(full),
            str(target),
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )


class _Logits(torch.nn.Module):
    """Calls a Hugging Face model with positional tensors and returns its logits."""

    def __init__(self, model: Any, names: list[str]) -> None:
        super().__init__()
        self.model = model
        self._names = names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        feed = dict(zip(self._names, tensors, strict=True))
        logits: torch.Tensor = self.model(**feed).logits
        return logits
