"""Weights that a MIL program stores compressed, and how they are restored.

Formulas: coremltools' converters/mil/mil/ops/defs/iOS16/constexpr_ops.py and iOS18/compression.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from guardlet_export.mil_numpy.values import Array, ProgramError, unpack_bits

Attributes = Mapping[str, Any]


def restore(kind: str, stored: Attributes) -> Array:
    """The dense value of a `constexpr_...` operation. Raises ProgramError for unknown ones."""
    if kind == "constexpr_lut_to_dense" and "shape" not in stored:
        kind = "constexpr_lut_to_dense (iOS 18)"
    if kind not in _RESTORERS:
        raise ProgramError(f"the MIL operation {kind!r} is not supported by the NumPy evaluator")
    return _RESTORERS[kind](stored)


def _affine_dequantize(stored: Attributes) -> Array:
    """scale * (quantized_data - zero_point), each a scalar or one number for each row of `axis`."""
    data, scale = stored["quantized_data"], stored["scale"]
    rows = [1] * data.ndim
    rows[int(stored["axis"])] = -1
    zero = stored["zero_point"].astype(np.float32)
    centred = data.astype(np.float32) - (zero.reshape(rows) if zero.ndim else zero)
    wide = scale.astype(np.float32)
    restored: Array = centred * (wide.reshape(rows) if wide.ndim else wide)
    return restored.astype(scale.dtype, copy=False)


def _palette(stored: Attributes) -> Array:
    """One palette for the tensor; indices of log2(palette size) bits."""
    palette, shape = stored["lut"], tuple(int(size) for size in stored["shape"])
    bits = len(palette).bit_length() - 1
    indices = unpack_bits(stored["indices"], bits, int(np.prod(shape, dtype=np.int64)))
    restored: Array = palette[indices].reshape(shape)
    return restored


def _grouped_palettes(stored: Attributes) -> Array:
    """Palettes [groups of each axis of `indices` ..., size, 1]."""
    indices, palettes = stored["indices"], stored["lut"]
    if palettes.shape[-1] != 1:
        raise ProgramError("vector palettes are not supported by the NumPy evaluator")
    groups = palettes.shape[:-2]
    which: list[Array] = [
        np.arange(size) // (size // count)
        for size, count in zip(indices.shape, groups, strict=True)
    ]
    restored: Array = palettes[..., 0][(*np.ix_(*which), indices)]
    return restored


def _blockwise(stored: Attributes) -> Array:
    """scale * (data - offset), each number of scale and offset for a block of `data`."""
    data, scale = stored["data"].astype(np.float32), stored["scale"]

    def spread(values: Array) -> Array:
        for axis, size in enumerate(data.shape):
            values = values.repeat(size // values.shape[axis], axis)
        return values.astype(np.float32)

    if "offset" in stored:
        data = data - spread(stored["offset"])
    restored: Array = data * spread(scale)
    return restored.astype(scale.dtype, copy=False)


_RESTORERS: dict[str, Callable[[Attributes], Array]] = {
    "constexpr_affine_dequantize": _affine_dequantize,
    "constexpr_lut_to_dense": _palette,
    "constexpr_lut_to_dense (iOS 18)": _grouped_palettes,
    "constexpr_blockwise_shift_scale": _blockwise,
}
