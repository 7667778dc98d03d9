"""What a guard can be exported to: one row for each artifact that `--precision` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from guardlet.engines import Engine
from guardlet.engines.onnx import OnnxEngine
from guardlet.verify import DEFAULT_TOLERANCE
from guardlet_export.coreml.emit import emit_coreml
from guardlet_export.coreml.engine import CoreMLEngine
from guardlet_export.coreml.formats import FORMATS as COREML_FORMATS
from guardlet_export.coreml.formats import CoreMLFormat
from guardlet_export.executorch_export import FORMATS as EXECUTORCH_FORMATS
from guardlet_export.executorch_export import ExecutorchFormat, emit_executorch
from guardlet_export.onnx_export import OPSET, export_fp32, export_int8

_EXACT = 1e-4
_MIN_ONNXRUNTIME = "1.22"
_MIN_EXECUTORCH = "1.4"


@dataclass(frozen=True)
class Target:
    """One kind of artifact.

    `emit(model, path, max_tokens)` writes the file or folder `entry`, `open(path)` runs it for the
    comparison with PyTorch, in which a score may differ by `tolerance`. `notes` go into the
    artifact's `parity`.
    """

    engine: str
    precision: str
    entry: str
    requires: Mapping[str, str]
    tolerance: float
    emit: Callable[[Any, Path, int], object]
    open: Callable[[Path], Engine]
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.engine}-{self.precision}"


def _onnx(precision: str, entry: str, tolerance: float, emit: Callable[..., None]) -> Target:
    return Target(
        "onnx",
        precision,
        f"onnx/{entry}",
        {"onnxruntime": _MIN_ONNXRUNTIME},
        tolerance,
        lambda model, path, max_tokens: emit(model, path),
        lambda path: OnnxEngine(path.read_bytes()),
        {"opset": OPSET},
    )


def _executorch(form: ExecutorchFormat) -> Target:
    return Target(
        "executorch",
        form.name,
        form.entry,
        {"executorch": _MIN_EXECUTORCH},
        _EXACT if form.linears is None and form.embedding is None else DEFAULT_TOLERANCE,
        partial(emit_executorch, form=form),
        _open_executorch,
    )


def _open_executorch(path: Path) -> Engine:
    from guardlet.engines.executorch import ExecutorchEngine

    return ExecutorchEngine(path.read_bytes())


def _coreml(form: CoreMLFormat) -> Target:
    return Target(
        "coreml",
        form.name,
        form.entry,
        {"ios": str(form.ios)},
        _EXACT if form.weights == "float32" else DEFAULT_TOLERANCE,
        lambda model, path, max_tokens: emit_coreml(model, path, form, max_tokens),
        CoreMLEngine.open,
    )


TARGETS: dict[str, Target] = {
    "int8": _onnx("int8", "model_quantized.onnx", DEFAULT_TOLERANCE, export_int8),
    "fp32": _onnx("fp32", "model.onnx", _EXACT, export_fp32),
    **{f"executorch-{form.name}": _executorch(form) for form in EXECUTORCH_FORMATS.values()},
    **{f"coreml-{form.name}": _coreml(form) for form in COREML_FORMATS.values()},
}
