"""Weights to integers. All symmetric: value = integer x scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK = 32
_TINY = 1e-12


def int8_whole(values: Floats) -> tuple[NDArray[np.int8], Floats]:
    """int8 of the same shape and one scale, a scalar."""
    return _int8(values, None, 127)


def int8_columns(weight: Floats, limit: int) -> tuple[NDArray[np.int8], Floats]:
    """[inputs, outputs] -> int8 of the same shape within +-limit, scale [outputs]."""
    integers, scale = _int8(weight, 0, limit)
    return integers, scale.reshape(-1)


def int8_rows(table: Floats) -> tuple[NDArray[np.int8], Floats]:
    """[rows, columns] -> int8 of the same shape, scale [rows, 1]."""
    return _int8(table, 1, 127)


def int4_blocks(rows: Floats) -> tuple[NDArray[np.int8], Floats]:
    """[rows, columns] -> integers -8..7 of the same shape, scale [rows, columns / BLOCK].

    The value of largest magnitude in each block becomes -8 exactly, so that all sixteen levels
    are used; the scale takes the sign that this needs.
    """
    blocks = rows.reshape(rows.shape[0], -1, BLOCK)
    largest = np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1)
    scale = np.where(np.abs(largest) < _TINY, _TINY, largest / -8).astype(np.float32)
    integers = np.clip(np.round(blocks / scale), -8, 7).astype(np.int8)
    return integers.reshape(rows.shape), scale[..., 0]


def int4_values(integers: NDArray[Any], scale: NDArray[Any]) -> Floats:
    """The numbers behind the integers and scales of `int4_blocks`, float32 [rows, columns]."""
    spread = np.repeat(scale.astype(np.float32), BLOCK, axis=-1)
    values: Floats = integers.astype(np.float32) * spread
    return values


def pack_pairs(integers: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Two 4-bit integers of the last axis in a byte, the first in the low half."""
    nibbles = integers.astype(np.uint8) & np.uint8(0xF)
    packed: NDArray[np.uint8] = nibbles[..., 0::2] | (nibbles[..., 1::2] << np.uint8(4))
    return packed


def _int8(values: Floats, axis: int | None, limit: int) -> tuple[NDArray[np.int8], Floats]:
    largest = np.abs(values).max(axis=axis, keepdims=axis is not None)
    scale = np.maximum(largest / limit, _TINY).astype(np.float32)
    return np.round(values / scale).astype(np.int8), scale
