"""What this machine is, and the rate at which ONNX Runtime multiplies matrices on it."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from guardlet_benchmarks.device.facts import package_version, processor
from guardlet_benchmarks.routes import Arithmetic

_PACKAGES = (
    "onnxruntime",
    "onnx",
    "optimum",
    "optimum-onnx",
    "executorch",
    "torchao",
    "torch",
    "transformers",
    "numpy",
)
_ROWS, _DEPTH, _COLUMNS = 512, 1024, 1024
PRODUCT_OPERATIONS = 2 * _ROWS * _DEPTH * _COLUMNS


def environment() -> dict[str, Any]:
    """Processor, operating system, package versions, date, and how busy the machine was."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := package_version(name))},
        "other_processes_running": _busy(),
    }


def product(arithmetic: Arithmetic) -> Callable[[], None]:
    """One matrix product of PRODUCT_OPERATIONS multiplications and additions, on one thread."""
    draw = np.random.default_rng(0)
    if arithmetic == "fp32":
        weight = draw.normal(size=(_DEPTH, _COLUMNS)).astype(np.float32)
        left: Any = draw.normal(size=(_ROWS, _DEPTH)).astype(np.float32)
        kinds = "MatMul", TensorProto.FLOAT, TensorProto.FLOAT
    else:
        weight = draw.integers(-127, 128, (_DEPTH, _COLUMNS)).astype(np.int8)
        left = draw.integers(0, 256, (_ROWS, _DEPTH)).astype(np.uint8)
        kinds = "MatMulInteger", TensorProto.UINT8, TensorProto.INT32
    session = _session(*kinds, weight)
    return lambda: session.run(None, {"x": left})


def _session(kind: str, given: int, made: int, weight: Any) -> Any:
    graph = helper.make_graph(
        [helper.make_node(kind, ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", given, [_ROWS, _DEPTH])],
        [helper.make_tensor_value_info("y", made, [_ROWS, _COLUMNS])],
        [numpy_helper.from_array(weight, "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _busy() -> bool | None:
    """Whether another process used a core in the last minute; None where no system call tells."""
    return os.getloadavg()[0] > 1.2 if hasattr(os, "getloadavg") else None
