"""Dense layers and row tables in each storage format."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from guardlet_export.deberta_weights import Linear
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.onnx_graph.builder import GraphBuilder
from guardlet_export.onnx_graph.precision import Precision, Storage
from guardlet_export.onnx_graph.quantise import (
    BLOCK,
    Floats,
    int4_blocks,
    int8_columns,
    int8_rows,
    pack_pairs,
)

_INT8_ACTIVATIONS = 4  # MatMulNBits: quantise activations to int8 rather than widen weights


def linear(g: GraphBuilder, x: str, layer: Linear, name: str, precision: Precision) -> str:
    """x [T, inputs] -> [T, outputs]."""
    weight, bias = layer.weight.numpy(), layer.bias.numpy()
    if precision.linear == "int8":
        return _matmul_8bits(g, x, weight, bias, name, precision)
    if precision.linear == "int4":
        return _matmul_4bits(g, x, weight, bias)
    return g.op("Gemm", x, floats(g, weight, precision.linear), g.constant(bias), transB=1)


def _matmul_8bits(
    g: GraphBuilder, x: str, weight: Floats, bias: Floats, name: str, precision: Precision
) -> str:
    if name in precision.kept:
        integers, scale = int8_columns(weight.T, 127)
        widened = g.op("Mul", _widen(g, g.constant(integers)), g.constant(scale))
        return g.op("Gemm", x, widened, g.constant(bias))
    smoothing = precision.smoothing.get(name)
    if smoothing is not None:
        x, weight = g.op("Mul", x, g.constant(1 / smoothing)), weight * smoothing
    integers, scale = int8_columns(weight.T, precision.weight_limit)
    return g.microsoft(
        "DynamicQuantizeMatMul",
        *(x, g.constant(integers), g.constant(scale), "", g.constant(bias)),
    )


def _matmul_4bits(g: GraphBuilder, x: str, weight: Floats, bias: Floats) -> str:
    outputs, inputs = weight.shape
    _check_blocks(inputs)
    integers, scale = int4_blocks(weight)
    # MatMulNBits stores q + 8, unsigned.
    packed = pack_pairs(integers + 8).reshape(outputs, inputs // BLOCK, BLOCK // 2)
    return g.microsoft(
        "MatMulNBits",
        *(x, g.constant(packed), g.constant(scale), "", "", g.constant(bias)),
        K=inputs,
        N=outputs,
        bits=4,
        block_size=BLOCK,
        accuracy_level=_INT8_ACTIVATIONS,
    )


def rows_by_id(g: GraphBuilder, table: Floats, ids: str, storage: Storage) -> str:
    """table[ids] as float32: [rows, columns], int64 [T] -> [T, columns]."""
    if storage == "int4":
        _check_blocks(table.shape[1])
        integers, scale = int4_blocks(table)
        rows = g.microsoft(
            "GatherBlockQuantized",
            g.packed_int4(pack_pairs(integers), table.shape),
            ids,
            g.constant(scale.astype(np.float16)),
            gather_axis=0,
            quantize_axis=1,
            block_size=BLOCK,
        )
        return _widen(g, rows)
    if storage == "int8":
        integers, scale = int8_rows(table)
        rows = _widen(g, g.op("Gather", g.constant(integers), ids))
        return g.op("Mul", rows, g.op("Gather", g.constant(scale), ids))
    if storage == "fp16":
        return _widen(g, g.op("Gather", g.constant(table.astype(np.float16)), ids))
    return g.op("Gather", g.constant(table), ids)


def first_rows(g: GraphBuilder, table: Floats, count: str, storage: Storage) -> str:
    """table[:count] as float32; `count` is int64 [1]. int4 is stored as int8: such tables are
    small."""
    start = g.integers(0)
    if storage in ("int8", "int4"):
        integers, scale = int8_rows(table)
        rows = _widen(g, g.slice(g.constant(integers), start, count, 0))
        return g.op("Mul", rows, g.slice(g.constant(scale), start, count, 0))
    return g.slice(floats(g, table, storage), start, count, 0)


def floats(g: GraphBuilder, values: Floats, storage: Storage) -> str:
    """A float32 constant; stored as float16, it is widened when the session is created."""
    if storage == "fp16":
        return _widen(g, g.constant(values.astype(np.float16)))
    return g.constant(values)


def _widen(g: GraphBuilder, value: str) -> str:
    return g.op("Cast", value, to=TensorProto.FLOAT)


def _check_blocks(columns: int) -> None:
    if columns % BLOCK:
        raise UnsupportedModelError(
            f"4-bit weights need widths that are multiples of {BLOCK}, not {columns}"
        )
