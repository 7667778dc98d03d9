"""Projected relative positions as a constant of the graph."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from guardlet_export.onnx_graph.builder import GraphBuilder
from guardlet_export.onnx_graph.linear import floats
from guardlet_export.onnx_graph.precision import Storage
from guardlet_export.onnx_graph.quantise import int8_whole


@dataclass(frozen=True)
class PositionTable:
    """A constant [hidden, rows]: int8 with one scale, or float32 (`scale` None). Line
    head * head size + i is what component i of that head meets at each row."""

    values: str
    scale: str | None

    def cut(self, g: GraphBuilder, window: tuple[str, str]) -> PositionTable:
        """Rows window[0] <= row < window[1] only; int64 [1] each."""
        return PositionTable(g.slice(self.values, *window, axis=1), self.scale)

    def split(self, g: GraphBuilder, count: int) -> list[PositionTable]:
        """One table [head size, rows] for each head."""
        parts = g.split(self.values, count, axis=0)
        return [PositionTable(part, self.scale) for part in parts]

    def stacked(self, g: GraphBuilder, count: int, head_size: int) -> PositionTable:
        """As [heads, head size, rows]."""
        return PositionTable(g.reshape(self.values, count, head_size, -1), self.scale)

    def scores(self, g: GraphBuilder, x: str) -> str:
        """x [..., T, head size] -> [..., T, rows]."""
        if self.scale is None:
            return g.op("MatMul", x, self.values)
        return g.microsoft("DynamicQuantizeMatMul", x, self.values, self.scale)


def position_table(g: GraphBuilder, table: Tensor, storage: Storage) -> PositionTable:
    """From a table [heads, head size, rows]. int4 is stored as int8: the tables are small."""
    values = table.numpy().reshape(-1, table.shape[-1])
    if storage in ("fp32", "fp16"):
        return PositionTable(floats(g, values, storage), None)
    integers, scale = int8_whole(values)
    return PositionTable(g.constant(integers), g.constant(scale))
