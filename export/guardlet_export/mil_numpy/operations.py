"""What each MIL operation computes, after coremltools' converters/mil/mil/ops/defs.

An operation gets its inputs by name and returns its outputs in order. Floating point is computed in
float32 and rounded to the dtype of the operation's `x`, as Core ML does with float16 programs on
the CPU; the order of its sums is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from guardlet_export.mil_numpy.values import Array, ProgramError

Inputs = Mapping[str, Any]
Operation = Callable[[Inputs], tuple[Array, ...]]

_CASTS = {
    "fp16": np.float16,
    "fp32": np.float32,
    "int32": np.int32,
    "int16": np.int16,
    "uint16": np.uint16,
    "bool": np.bool_,
}


def operation(kind: str) -> Operation:
    """The function of an operation type. Raises ProgramError where there is none."""
    if kind not in _OPERATIONS:
        raise ProgramError(f"the MIL operation {kind!r} is not supported by the NumPy evaluator")
    return _OPERATIONS[kind]


def _wide(value: Array) -> Array:
    return value.astype(np.float32) if value.dtype == np.float16 else value


def _elementwise(compute: Callable[..., Array], *names: str) -> Operation:
    """Of `x` and further inputs that broadcast with it, in the dtype of `x`."""

    def run(inputs: Inputs) -> tuple[Array]:
        result = compute(*(_wide(inputs[name]) for name in ("x", *names)))
        return (result.astype(inputs["x"].dtype, copy=False),)

    return run


def _matmul(inputs: Inputs) -> tuple[Array]:
    x, y = _wide(inputs["x"]), _wide(inputs["y"])
    if inputs.get("transpose_x"):
        x = x.swapaxes(-1, -2)
    if inputs.get("transpose_y"):
        y = y.swapaxes(-1, -2)
    return ((x @ y).astype(inputs["x"].dtype, copy=False),)


def _linear(inputs: Inputs) -> tuple[Array]:
    result = _wide(inputs["x"]) @ _wide(inputs["weight"]).T
    if "bias" in inputs:
        result += _wide(inputs["bias"])
    return (result.astype(inputs["x"].dtype, copy=False),)


def _softmax(inputs: Inputs) -> tuple[Array]:
    x, axis = _wide(inputs["x"]), int(inputs["axis"])
    exponentials = np.exp(x - x.max(axis, keepdims=True))
    result = exponentials / exponentials.sum(axis, keepdims=True)
    return (result.astype(inputs["x"].dtype, copy=False),)


def _layer_norm(inputs: Inputs) -> tuple[Array]:
    x, axes = _wide(inputs["x"]), _axes(inputs)
    centred = x - x.mean(axes, keepdims=True)
    variance = np.square(centred).mean(axes, keepdims=True)
    result = centred / np.sqrt(variance + np.float32(inputs["epsilon"]))
    if "gamma" in inputs:
        result = result * _wide(inputs["gamma"])
    if "beta" in inputs:
        result = result + _wide(inputs["beta"])
    return (result.astype(inputs["x"].dtype, copy=False),)


def _gelu(inputs: Inputs) -> tuple[Array]:
    mode = str(inputs.get("mode", "EXACT"))
    if mode not in _GELUS:
        raise ProgramError(f"gelu in mode {mode!r} is not supported by the NumPy evaluator")
    return (_GELUS[mode](_wide(inputs["x"])).astype(inputs["x"].dtype, copy=False),)


def _gelu_exact(x: Array) -> Array:
    result: Array = 0.5 * x * (1 + _erf(x * np.float32(0.5**0.5)))
    return result


def _gelu_tanh(x: Array) -> Array:
    inner = np.float32((2 / np.pi) ** 0.5) * (x + 0.044715 * x * x * x)
    result: Array = 0.5 * x * (1 + np.tanh(inner))
    return result


def _erf(x: Array) -> Array:
    # NumPy has no error function.
    import torch

    values: Array = torch.erf(torch.from_numpy(np.ascontiguousarray(x))).numpy()
    return values


_GELUS = {"EXACT": _gelu_exact, "TANH_APPROXIMATION": _gelu_tanh}


def _cast(inputs: Inputs) -> tuple[Array]:
    name = str(inputs["dtype"])
    if name not in _CASTS:
        raise ProgramError(f"a cast to {name!r} is not supported by the NumPy evaluator")
    return (inputs["x"].astype(_CASTS[name]),)


def _select(inputs: Inputs) -> tuple[Array]:
    return (np.where(inputs["cond"], inputs["a"], inputs["b"]),)


def _gather(inputs: Inputs) -> tuple[Array]:
    if int(inputs.get("batch_dims", 0)):
        raise ProgramError("gather with batch_dims is not supported by the NumPy evaluator")
    indices = inputs["indices"].astype(np.int64)
    return (np.take(inputs["x"], indices, axis=int(inputs.get("axis", 0))),)


def _gather_along_axis(inputs: Inputs) -> tuple[Array]:
    indices = inputs["indices"].astype(np.int64)
    return (np.take_along_axis(inputs["x"], indices, axis=int(inputs.get("axis", 0))),)


def _slice_by_index(inputs: Inputs) -> tuple[Array]:
    x = inputs["x"]

    def at(name: str, axis: int, default: int) -> int:
        return int(inputs[name][axis]) if name in inputs else default

    index: list[int | slice] = []
    for axis in range(x.ndim):
        if at("squeeze_mask", axis, 0):
            index.append(at("begin", axis, 0))
            continue
        begin = None if at("begin_mask", axis, 0) else at("begin", axis, 0)
        end = None if at("end_mask", axis, 0) else at("end", axis, 0)
        index.append(slice(begin, end, at("stride", axis, 1)))
    return (x[tuple(index)],)


def _split(inputs: Inputs) -> tuple[Array, ...]:
    axis = int(inputs["axis"])
    if "split_sizes" in inputs:
        return tuple(np.split(inputs["x"], np.cumsum(inputs["split_sizes"])[:-1], axis))
    return tuple(np.split(inputs["x"], int(inputs["num_splits"]), axis))


def _reshape(inputs: Inputs) -> tuple[Array]:
    return (inputs["x"].reshape([int(size) for size in inputs["shape"]]),)


def _transpose(inputs: Inputs) -> tuple[Array]:
    return (inputs["x"].transpose([int(axis) for axis in inputs["perm"]]),)


def _expand_dims(inputs: Inputs) -> tuple[Array]:
    return (np.expand_dims(inputs["x"], _axes(inputs)),)


def _squeeze(inputs: Inputs) -> tuple[Array]:
    return (np.squeeze(inputs["x"], _axes(inputs) if "axes" in inputs else None),)


def _reduce_sum(inputs: Inputs) -> tuple[Array]:
    keep = bool(inputs.get("keep_dims", False))
    total = _wide(inputs["x"]).sum(_axes(inputs) if "axes" in inputs else None, keepdims=keep)
    return (total.astype(inputs["x"].dtype, copy=False),)


def _axes(inputs: Inputs) -> tuple[int, ...]:
    return tuple(int(axis) for axis in inputs["axes"])


_OPERATIONS: dict[str, Operation] = {
    "add": _elementwise(np.add, "y"),
    "sub": _elementwise(np.subtract, "y"),
    "mul": _elementwise(np.multiply, "y"),
    "real_div": _elementwise(np.divide, "y"),
    "pow": _elementwise(np.power, "y"),
    "greater_equal": lambda inputs: (np.greater_equal(inputs["x"], inputs["y"]),),
    "relu": _elementwise(lambda x: np.maximum(x, 0)),
    "tanh": _elementwise(np.tanh),
    "erf": _elementwise(_erf),
    "sigmoid": _elementwise(lambda x: 1 / (1 + np.exp(-x))),
    "silu": _elementwise(lambda x: x / (1 + np.exp(-x))),
    "gelu": _gelu,
    "matmul": _matmul,
    "linear": _linear,
    "softmax": _softmax,
    "layer_norm": _layer_norm,
    "reduce_sum": _reduce_sum,
    "cast": _cast,
    "select": _select,
    "gather": _gather,
    "gather_along_axis": _gather_along_axis,
    "slice_by_index": _slice_by_index,
    "split": _split,
    "reshape": _reshape,
    "transpose": _transpose,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
}
