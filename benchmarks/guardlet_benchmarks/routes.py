"""Ways from a PyTorch classifier to a file that runs on one thread."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from guardlet.engines import Engine
from guardlet.engines.onnx import OnnxEngine
from guardlet.verify import DEFAULT_TOLERANCE, EngineReport
from guardlet_benchmarks.models import random_windows
from guardlet_export.executorch_export import FORMATS, emit_executorch
from guardlet_export.onnx_export import Source, emit_onnx
from guardlet_export.reference import TorchEngine
from guardlet_export.smoothing import largest_inputs

Arithmetic = Literal["fp32", "int8"]

_LOOKED_AT = (16, 32, 64, 128)  # lengths of the windows that smoothing looks at, two of each


@dataclass(frozen=True)
class Route:
    """`emit(engine, lengths, folder)` returns the file it wrote, for texts of these numbers of
    tokens; `open(file)` runs it on one thread. `arithmetic` is that of the dense layers."""

    name: str
    arithmetic: Arithmetic
    emit: Callable[[TorchEngine, Sequence[int], Path], Path]
    open: Callable[[Path], Engine]

    @property
    def baseline(self) -> str:
        """The name of the route this one is compared with."""
        return f"optimum-{self.arithmetic}"


def _optimum_fp32(engine: TorchEngine, lengths: Sequence[int], folder: Path) -> Path:
    """What `optimum-cli export onnx --task text-classification` writes, its validation left out."""
    from optimum.exporters.onnx import onnx_export_from_model

    onnx_export_from_model(
        engine.model, folder, task="text-classification", do_validation=False, device="cpu"
    )
    return folder / "model.onnx"


def _optimum_int8(engine: TorchEngine, lengths: Sequence[int], folder: Path) -> Path:
    """Dynamic int8 per channel, with optimum's configuration for this kind of processor."""
    from optimum.onnxruntime import AutoQuantizationConfig, ORTQuantizer

    with tempfile.TemporaryDirectory(dir=folder) as exported:
        _optimum_fp32(engine, lengths, Path(exported))
        arm = platform.machine().lower() in ("arm64", "aarch64")
        choose = AutoQuantizationConfig.arm64 if arm else AutoQuantizationConfig.avx512_vnni
        ORTQuantizer.from_pretrained(exported, file_name="model.onnx").quantize(
            save_dir=folder, quantization_config=choose(is_static=False, per_channel=True)
        )
    return folder / "model_quantized.onnx"


def _guardlet(precision: str, engine: TorchEngine, lengths: Sequence[int], folder: Path) -> Path:
    """What `guardlet export --precision` writes, without the search for linears to keep in
    float32: it needs golden vectors, and random weights have none."""
    config, max_tokens = engine.model.config, max(lengths)
    with largest_inputs(engine.model) as largest:
        for length in _LOOKED_AT:
            if length <= max_tokens:
                for window in random_windows(config, length, 2, seed=1):
                    engine.logits(window)
    source = Source(engine, max_tokens, largest, (), lambda _, tolerance: EngineReport("", cases=1))
    target = folder / "model.onnx"
    emit_onnx(precision, source, target, DEFAULT_TOLERANCE)
    return target


def _executorch(engine: TorchEngine, lengths: Sequence[int], folder: Path) -> Path:
    """As `guardlet export --precision executorch-int8`, with a method for each of `lengths`."""
    target = folder / "model.pte"
    methods = tuple(sorted(set(lengths)))
    emit_executorch(engine.model, target, methods[-1], FORMATS["int8"], methods)
    return target


def _open_onnx(file: Path) -> Engine:
    return OnnxEngine(file.read_bytes(), 1)


def _open_executorch(file: Path) -> Engine:
    from guardlet.engines.executorch import ExecutorchEngine

    return ExecutorchEngine(file.read_bytes(), 1)


GUARDLET_INT8 = Route("guardlet-int8", "int8", partial(_guardlet, "int8"), _open_onnx)
ONNX_ROUTES = (
    Route("optimum-fp32", "fp32", _optimum_fp32, _open_onnx),
    Route("optimum-int8", "int8", _optimum_int8, _open_onnx),
    Route("guardlet-fp32", "fp32", partial(_guardlet, "fp32"), _open_onnx),
    GUARDLET_INT8,
    Route("guardlet-int8-table4", "int8", partial(_guardlet, "int8-table4"), _open_onnx),
)
ROUTES = (*ONNX_ROUTES, Route("executorch-int8", "int8", _executorch, _open_executorch))
