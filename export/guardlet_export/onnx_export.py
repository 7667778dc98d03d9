"""ONNX artifacts: our own graph for DeBERTa, the standard route for other encoders."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from guardlet.encoder import Window
from guardlet.engines import Engine
from guardlet.engines.onnx import OnnxEngine
from guardlet.errors import GuardletError
from guardlet.verify import EngineReport
from guardlet_export.deberta_weights import DebertaWeights, is_deberta, read_weights
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.gate import Gate
from guardlet_export.onnx_graph import PRECISIONS, Precision, onnx_bytes
from guardlet_export.onnx_graph.builder import OPSET
from guardlet_export.reference import TorchEngine
from guardlet_export.sensitivity import by_sensitivity, worst_windows
from guardlet_export.smoothing import STRENGTH, smoothing_scales
from guardlet_export.standard_onnx import OPSET as STANDARD_OPSET
from guardlet_export.standard_onnx import export_fp32, export_int8

EXACT = 1e-4  # how much a score may differ where weights stay float32
Measure = Callable[[Engine, float], EngineReport]
_STANDARD = {"fp32": export_fp32, "int8": export_int8}
_MOST_KEPT = 6
# Enough to rank linears, few enough for a model of a hundred of them.
_LOOKED_AT = {"count": 12, "tokens": 384}


@dataclass(frozen=True)
class Source:
    """What an artifact is made from.

    `golden` are the golden windows with the reference's logits, `largest_inputs` what the model's
    linears were given for them (see smoothing). `measure` compares an engine with PyTorch over the
    golden vectors, at a tolerance; `gate` does over labelled data, if any.
    """

    reference: TorchEngine
    max_tokens: int
    largest_inputs: Mapping[str, Tensor]
    golden: Sequence[tuple[Window, Sequence[float]]]
    measure: Measure
    gate: Gate | None = None

    @property
    def model(self) -> Any:
        return self.reference.model


def emit_onnx(name: str, source: Source, target: Path, tolerance: float) -> Mapping[str, Any]:
    """Writes the precision called `name` and returns how it was made, for the manifest.

    Raises UnsupportedModelError.
    """
    if not is_deberta(source.model):
        return _emit_standard(name, source.model, target)
    weights = read_weights(source.model, source.max_tokens)
    precision, notes = PRECISIONS[name], {"opset": OPSET}
    if precision.linear == "int8":
        precision, more = _tuned(weights, precision, source, tolerance)
        notes |= more
    target.write_bytes(onnx_bytes(weights, precision))
    return notes


def fp32_engine(model: Any, max_tokens: int | None = None) -> OnnxEngine:
    """`model` under ONNX Runtime in fp32: the PyTorch function at a third of its time. For windows
    of at most `max_tokens`, by default as many as the config says."""
    if is_deberta(model):
        return OnnxEngine(onnx_bytes(read_weights(model, max_tokens), PRECISIONS["fp32"]))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        export_fp32(model, file)
        return OnnxEngine(file.read_bytes())


def fast_reference(reference: TorchEngine, max_tokens: int, measure: Measure) -> Engine:
    """The fp32 engine where the golden vectors prove it equal to PyTorch, else PyTorch itself."""
    try:
        engine = fp32_engine(reference.model, max_tokens)
    except GuardletError:
        return reference
    return engine if measure(engine, EXACT).passed else reference


def _emit_standard(name: str, model: Any, target: Path) -> Mapping[str, Any]:
    if name not in _STANDARD:
        raise UnsupportedModelError(
            f"{name} is for DeBERTa models; choose {' or '.join(_STANDARD)} for "
            f"{type(model).__name__}"
        )
    _STANDARD[name](model, target)
    return {"opset": STANDARD_OPSET}


def _tuned(
    weights: DebertaWeights, precision: Precision, source: Source, tolerance: float
) -> tuple[Precision, dict[str, Any]]:
    """Smoothed, and with as few linears in float32 as the tolerance and the gate ask for."""
    scales = smoothing_scales(source.model, source.largest_inputs)
    precision = replace(precision, smoothing=scales)
    engine = OnnxEngine(onnx_bytes(weights, precision))
    worst_first: list[str] = []
    while not _accepted(engine, source, tolerance) and len(precision.kept) < _MOST_KEPT:
        if not worst_first:
            windows = worst_windows(source.golden, engine, **_LOOKED_AT)
            worst_first = by_sensitivity(source.reference, windows, scales)
        kept = frozenset(worst_first[: len(precision.kept) + 1])
        precision = replace(precision, kept=kept)
        engine = OnnxEngine(onnx_bytes(weights, precision))
    return precision, {"smoothing": STRENGTH, "kept_in_float32": sorted(precision.kept)}


def _accepted(engine: Engine, source: Source, tolerance: float) -> bool:
    if not source.measure(engine, tolerance).passed:
        return False
    return source.gate is None or source.gate.accepts(engine)
