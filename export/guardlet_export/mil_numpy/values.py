"""Constants of a MIL program, from the protobuf and from the weight file beside it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardlet.errors import EngineError

Array = NDArray[Any]

# MIL.proto, enum DataType: element type, and its width in bits where that is not a whole byte.
_BOOL, _STRING = 1, 2
_DTYPES: dict[int, tuple[str, int | None]] = {
    _BOOL: ("bool", None),
    10: ("float16", None),
    11: ("float32", None),
    21: ("int8", None),
    22: ("int16", None),
    23: ("int32", None),
    31: ("uint8", None),
    32: ("uint16", None),
    33: ("uint32", None),
    37: ("uint8", 1),
    36: ("uint8", 2),
    39: ("uint8", 3),
    35: ("uint8", 4),
    38: ("uint8", 6),
}
_WEIGHTS_FOLDER = "@model_path/"
_SENTINEL = 0xDEADBEEF


class ProgramError(EngineError):
    """A Core ML package is damaged, or holds something this evaluator does not compute."""


class WeightFiles:
    """Reads blob values of one package, mapped rather than loaded.

    The format is coremltools' mlmodel/src/MILBlob/Blob/StorageFormat.hpp, version 2: a value's
    offset leads to a record of sentinel, type (uint32 each), size in bytes and offset of the data
    (uint64 each).
    """

    def __init__(self, folder: Path) -> None:
        """`folder` holds model.mlmodel; blob names are relative to it."""
        self._folder = folder
        self._open: dict[str, NDArray[np.uint8]] = {}

    def read(self, name: str, offset: int) -> NDArray[np.uint8]:
        """The bytes of a value. Raises ProgramError."""
        content = self._content(name)
        record = content[offset : offset + 24].tobytes()
        if len(record) == 24:
            sentinel, _, size, start = struct.unpack("<IIQQ", record)
            if sentinel == _SENTINEL and start + size <= len(content):
                return content[start : start + size]
        raise ProgramError(f"{name}: no value at byte {offset}; export the package again")

    def _content(self, name: str) -> NDArray[np.uint8]:
        if name not in self._open:
            if not name.startswith(_WEIGHTS_FOLDER) or ".." in name:
                raise ProgramError("the program names a weight file outside its package")
            path = self._folder / name.removeprefix(_WEIGHTS_FOLDER)
            if not path.is_file():
                raise ProgramError(f"{name} is missing; export the package again")
            self._open[name] = np.memmap(path, dtype=np.uint8, mode="r")
        return self._open[name]


def read_value(value: Any, files: WeightFiles) -> Any:
    """A MIL.proto Value as an array of its dtype and shape, or as str. Raises ProgramError."""
    if value.type.WhichOneof("type") != "tensorType":
        raise ProgramError(f"a {value.type.WhichOneof('type')} value is not supported")
    kind = value.type.tensorType
    shape = tuple(dimension.constant.size for dimension in kind.dimensions)
    if value.WhichOneof("value") == "blobFileValue":
        blob = value.blobFileValue
        return _from_bytes(files.read(blob.fileName, blob.offset), kind.dataType, shape)
    tensor = value.immediateValue.tensor
    field = tensor.WhichOneof("value")
    if field == "bytes":
        content = np.frombuffer(tensor.bytes.values, dtype=np.uint8)
        return _from_bytes(content, kind.dataType, shape)
    items = getattr(tensor, field).values if field else []
    if kind.dataType == _STRING:
        return str(items[0])
    dtype, _ = _dtype(kind.dataType)
    return np.array(list(items), dtype=dtype).reshape(shape)


def unpack_bits(packed: NDArray[np.uint8], bits: int, count: int) -> NDArray[np.uint8]:
    """`count` unsigned numbers of `bits` bits each, written one after the other from the least
    significant bit of the first byte on."""
    flat = np.unpackbits(packed, bitorder="little", count=bits * count)
    weights = (1 << np.arange(bits)).astype(np.uint8)
    numbers: NDArray[np.uint8] = (flat.reshape(count, bits) * weights).sum(axis=1, dtype=np.uint8)
    return numbers


def _from_bytes(content: NDArray[np.uint8], kind: int, shape: tuple[int, ...]) -> Array:
    dtype, bits = _dtype(kind)
    count = int(np.prod(shape, dtype=np.int64))
    if bits is not None:
        return unpack_bits(content, bits, count).reshape(shape)
    values = content.view(dtype)
    if len(values) != count:
        raise ProgramError("a value has another size than its type; export the package again")
    return values.reshape(shape)


def _dtype(kind: int) -> tuple[str, int | None]:
    if kind not in _DTYPES:
        raise ProgramError(f"MIL data type {kind} is not supported")
    return _DTYPES[kind]
