"""What a guard can be exported to: one row for each artifact that `--precision` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from guardlet_export.onnx_export import EXACT, Source, emit_onnx

_MIN_ONNXRUNTIME = "1.22"
_MIN_EXECUTORCH = "1.4"


@dataclass(frozen=True)
class Target:
    """One kind of artifact.

    `emit(source, path)` writes the file or folder `entry` and returns notes for the artifact's
    `parity`; `open(path)` runs it for the comparison with PyTorch, in which a score may differ by
    `tolerance`.
    """

    engine: str
    precision: str
    entry: str
    requires: Mapping[str, str]
    tolerance: float
    emit: Callable[[Source, Path], Mapping[str, Any]]
    open: Callable[[Path], Engine]

    @property
    def id(self) -> str:
        return f"{self.engine}-{self.precision}"


def _onnx(precision: str, suffix: str, tolerance: float = DEFAULT_TOLERANCE) -> Target:
    return Target(
        "onnx",
        precision,
        f"onnx/model{suffix}.onnx",
        {"onnxruntime": _MIN_ONNXRUNTIME},
        tolerance,
        lambda source, path: emit_onnx(precision, source, path, tolerance),
        lambda path: OnnxEngine(path.read_bytes()),
    )


def _executorch(form: ExecutorchFormat) -> Target:
    return Target(
        "executorch",
        form.name,
        form.entry,
        {"executorch": _MIN_EXECUTORCH},
        EXACT if form.linears is None and form.embedding is None else DEFAULT_TOLERANCE,
        partial(_emit_executorch, form),
        _open_executorch,
    )


def _emit_executorch(form: ExecutorchFormat, source: Source, path: Path) -> Mapping[str, Any]:
    emit_executorch(source.model, path, source.max_tokens, form)
    return {}


def _open_executorch(path: Path) -> Engine:
    from guardlet.engines.executorch import ExecutorchEngine

    return ExecutorchEngine(path.read_bytes())


def _coreml(form: CoreMLFormat) -> Target:
    return Target(
        "coreml",
        form.name,
        form.entry,
        {"ios": str(form.ios)},
        EXACT if form.weights == "float32" else DEFAULT_TOLERANCE,
        partial(_emit_coreml, form),
        CoreMLEngine.open,
    )


def _emit_coreml(form: CoreMLFormat, source: Source, path: Path) -> Mapping[str, Any]:
    emit_coreml(source.model, path, form, source.max_tokens)
    return {}


TARGETS: dict[str, Target] = {
    "int8": _onnx("int8", "_quantized"),
    "fp32": _onnx("fp32", "", EXACT),
    "fp16": _onnx("fp16", "_fp16"),
    "int8-reduced-range": _onnx("int8-reduced-range", "_reduced_range"),
    "int8-table4": _onnx("int8-table4", "_quantized_table4"),
    "int4": _onnx("int4", "_q4"),
    **{f"executorch-{form.name}": _executorch(form) for form in EXECUTORCH_FORMATS.values()},
    **{f"coreml-{form.name}": _coreml(form) for form in COREML_FORMATS.values()},
}
