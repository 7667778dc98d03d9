"""ONNX by optimum's exporter and quantiser, for encoders without a graph of our own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from guardlet_export.errors import UnsupportedModelError

OPSET = 18
_TASK = "text-classification"
_MODEL = "model.onnx"


def export_fp32(model: Any, target: Path) -> None:
    """Writes `model` with int64 inputs [batch, length] and output `logits` [batch, labels].

    Raises UnsupportedModelError when optimum has no exporter for its architecture.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        _export(model, Path(folder))
        (Path(folder) / _MODEL).replace(target)


def export_int8(model: Any, target: Path) -> None:
    """Writes `model` with int8 weights, a scale for each output channel, and int8 embeddings;
    activations are quantised as it runs. Raises as `export_fp32` does."""
    from optimum.onnxruntime import ORTQuantizer
    from optimum.onnxruntime.configuration import AutoQuantizationConfig

    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        _export(model, Path(folder))
        # uint8 activations and int8 weights: the one pair with fast kernels on x86 and ARM.
        form = AutoQuantizationConfig.avx512_vnni(is_static=False, per_channel=True)
        quantizer = ORTQuantizer.from_pretrained(folder, file_name=_MODEL)
        quantizer.quantize(form, save_dir=folder, file_suffix="quantized")
        (Path(folder) / "model_quantized.onnx").replace(target)


def _export(model: Any, folder: Path) -> None:
    from optimum.exporters.onnx import onnx_export_from_model
    from optimum.exporters.tasks import TasksManager

    kind = model.config.model_type
    try:
        tasks = TasksManager.get_supported_tasks_for_model_type(
            kind, "onnx", library_name="transformers"
        )
    except KeyError:
        tasks = {}
    if _TASK not in tasks:
        raise UnsupportedModelError(f"optimum cannot export {kind!r} classifiers to ONNX")
    # Its own validation is left out: every artifact is measured over the golden vectors instead.
    onnx_export_from_model(model, folder, task=_TASK, opset=OPSET, do_validation=False)
