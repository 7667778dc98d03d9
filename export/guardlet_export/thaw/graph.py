"""Reading an ONNX model that `guardlet_export.onnx_graph` wrote."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from guardlet_export.deberta_weights import Linear, Norm
from guardlet_export.errors import ThawError
from guardlet_export.onnx_graph.quantise import int4_values

# What picks rows, or arranges them anew.
_PICKS = ("Gather", "Slice", "Split", "Reshape")
_WITH_BIAS = 5  # inputs of a dense layer's DynamicQuantizeMatMul; a position table's has 3


class Graph:
    """Constants and nodes in the order they were written: `outer` are the embeddings, `inner` the
    encoder for short texts. The one for long texts has the same weights."""

    def __init__(self, content: bytes) -> None:
        """Raises ThawError for any other model."""
        try:
            model = onnx.load_from_string(content)
        except Exception:
            raise ThawError("the ONNX model cannot be parsed; get the bundle again") from None
        self.outer: list[Any] = list(model.graph.node)
        branches = [node for node in self.outer if node.op_type == "If"]
        if model.producer_name != "guardlet" or len(branches) != 1:
            raise ThawError(
                "only a DeBERTa that `guardlet export` wrote can be thawed; give the model folder"
            )
        then = next(a.g for a in branches[0].attribute if a.name == "then_branch")
        self.inner: list[Any] = list(then.node)
        self.inputs = [value.name for value in model.graph.input]
        self.notes = {item.key: item.value for item in model.metadata_props}
        self._constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self._makers = {name: n for n in (*self.outer, *self.inner) for name in n.output}

    def maker(self, value: str) -> Any:
        """The node that makes `value`, None for a constant or an input."""
        return self._makers.get(value)

    def whole(self, value: str) -> NDArray[Any] | None:
        """The constant behind `value`: all rows of one that nodes pick rows of, and the numbers
        where it is stored as integers and scales. None where it depends on the inputs."""
        if value in self._constants:
            array: NDArray[Any] = onnx.numpy_helper.to_array(self._constants[value])
            return array
        node = self.maker(value)
        if node is not None and node.op_type == "GatherBlockQuantized":
            return int4_values(self._given(node.input[0]), self._given(node.input[2]))
        if node is None or node.op_type not in (*_PICKS, "Cast", "Mul"):
            return None
        if node.op_type == "Mul":
            parts = [self.whole(name) for name in node.input]
            known = [part for part in parts if part is not None]
            return reduce(np.multiply, known) if len(known) == len(parts) else None
        found = self.whole(node.input[0])
        if node.op_type == "Cast" and found is not None:
            return found.astype(np.float32)
        return found

    def linear(self, node: Any) -> Linear | None:
        """The dense layer that `node` is, for inputs that are not smoothed; None if it is none."""
        weight = None
        if node.op_type == "Gemm":
            weight = self.whole(node.input[1])
            turned = any(a.name == "transB" and a.i for a in node.attribute)
            weight = weight if weight is None or turned else weight.T
        elif node.op_type == "DynamicQuantizeMatMul" and len(node.input) == _WITH_BIAS:
            integers, scale = self.whole(node.input[1]), self.whole(node.input[2])
            if integers is not None and scale is not None:
                weight = (integers * scale).T
                weight = weight * self._smoothing(node.input[0])
        if weight is None:
            return None
        return Linear(tensor(weight), tensor(self._given(node.input[-1])))

    def _smoothing(self, value: str) -> NDArray[Any]:
        """What `value` is multiplied by channel by channel before it is quantised, ones if by
        nothing. Embeddings are a product as well, with a scale for each row."""
        node = self.maker(value)
        scale = self.whole(node.input[1]) if node is not None and node.op_type == "Mul" else None
        return np.ones(1, np.float32) if scale is None or scale.ndim != 1 else scale

    def norm(self, node: Any) -> Norm:
        """The norm of a LayerNormalization."""
        weight, bias = (tensor(self._given(name)) for name in node.input[1:])
        epsilon = next(a.f for a in node.attribute if a.name == "epsilon")
        return Norm(weight, bias, round_float32(epsilon))

    def product(self, node: Any) -> NDArray[Any] | None:
        """The constant that a product of an activation with it has on its right, [..., columns]."""
        if node.op_type not in ("MatMul", "DynamicQuantizeMatMul"):
            return None
        table = self.whole(node.input[1])
        if table is not None and node.op_type == "DynamicQuantizeMatMul":
            table = table * self._given(node.input[2])
        return table

    def _given(self, value: str) -> NDArray[Any]:
        found = self.whole(value)
        if found is None:
            raise ValueError(f"{value} is not constant")
        return found


def tensor(array: NDArray[Any]) -> torch.Tensor:
    """A float32 copy."""
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))


def round_float32(value: float) -> float:
    """The shortest decimal that float32, in which ONNX stores attributes, holds as `value`."""
    return float(str(np.float32(value)))
