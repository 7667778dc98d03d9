"""Position tables that all lengths of a program share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from guardlet_export.fast_deberta import FastDeberta

_NAMES = ("position_key", "position_query")
_LARGEST = 127
_TINY = 1e-6


class PositionTables:
    """The tables of the longest module, which hold those of the shorter ones: their middle
    columns in the layers, their first tokens in the last layer."""

    def __init__(self, longest: FastDeberta, int8: bool) -> None:
        self._int8 = int8
        self._layers = [_tables(layer) for layer in longest.layers]
        self._last = _tables(longest.last)

    def share_with(self, module: FastDeberta) -> None:
        """Lets `module` read these tables instead of its own."""
        for layer, tables in zip(module.layers, self._layers, strict=True):
            for name, table in tables.items():
                columns = getattr(layer, name).shape[2]
                start = (table.shape[2] - columns) // 2
                self._replace(layer, name, table, 2, slice(start, start + columns))
        for name, table in self._last.items():
            tokens = slice(getattr(module.last, name).shape[1])
            self._replace(module.last, name, table, 1, tokens)

    def _replace(self, layer: nn.Module, name: str, table: Tensor, axis: int, part: slice) -> None:
        form = _Int8Part(table, axis, part) if self._int8 else _Part(axis, part)
        layer.register_buffer(name, table)
        parametrize.register_parametrization(layer, name, form, unsafe=True)


class _Part(nn.Module):
    """Reads a part of a table."""

    def __init__(self, axis: int, part: slice) -> None:
        super().__init__()
        self._index = (slice(None),) * axis + (part,)

    def forward(self, table: Tensor) -> Tensor:
        return table[self._index]


class _Int8Part(_Part):
    """Holds a table as int8 with one scale; reads a part of it as float32."""

    def __init__(self, table: Tensor, axis: int, part: slice) -> None:
        super().__init__(axis, part)
        # A table of zeros, such as an untrained transplant's, needs some scale.
        self._scale = max(float(table.abs().max()), _TINY) / _LARGEST

    def right_inverse(self, table: Tensor) -> tuple[Tensor]:
        # A tuple may have another dtype than the table, a tensor may not.
        return (torch.round(table / self._scale).to(torch.int8),)

    def forward(self, table: Tensor) -> Tensor:
        # Quantised again after the cut, which changes nothing: the pattern by which XNNPACK's
        # lowering knows an int8 slice.
        part = super().forward(self._float(table))
        again = torch.ops.quantized_decomposed.quantize_per_tensor.default
        return self._float(again(part, self._scale, 0, -128, _LARGEST, torch.int8))

    def _float(self, table: Tensor) -> Tensor:
        values = torch.ops.quantized_decomposed.dequantize_per_tensor.default
        result: Tensor = values(table, self._scale, 0, -128, _LARGEST, torch.int8)
        return result


def _tables(layer: nn.Module) -> dict[str, Tensor]:
    found = {name: getattr(layer, name) for name in _NAMES}
    return {name: table for name, table in found.items() if table is not None}
