"""An ONNX graph written node by node."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
MICROSOFT = "com.microsoft"
_IR_VERSION = 10


class GraphBuilder:
    """Collects nodes; values are named by strings, as in ONNX.

    Constants are stored once however often they are asked for, and are shared with the branches
    of an `If`.
    """

    def __init__(self, parent: GraphBuilder | None = None) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[bytes, TensorProto] = parent._constants if parent else {}
        self._names: list[int] = parent._names if parent else [0]

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Adds a node with one output and returns the output's name."""
        name = self._name(kind)
        self._nodes.append(helper.make_node(kind, inputs, [name], domain=domain, **attributes))
        return name

    def microsoft(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node of ONNX Runtime's own operators."""
        return self.op(kind, *inputs, domain=MICROSOFT, **attributes)

    def constant(self, value: NDArray[Any]) -> str:
        value = np.ascontiguousarray(value)
        return self._store(numpy_helper.from_array(value))

    def integers(self, *values: int) -> str:
        """A constant int64 vector, as shapes, axes and slice bounds are."""
        return self.constant(np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        """A constant float32 scalar."""
        return self.constant(np.array(value, dtype=np.float32))

    def packed_int4(self, packed: NDArray[np.uint8], shape: Sequence[int]) -> str:
        """A constant of signed 4-bit integers, two in a byte, the first in the low half."""
        tensor = TensorProto(data_type=TensorProto.INT4, dims=shape, raw_data=packed.tobytes())
        return self._store(tensor)

    def slice(self, value: str, start: str, end: str, axis: int) -> str:
        """value[start:end] along `axis`; bounds are int64 vectors of one element."""
        return self.op("Slice", value, start, end, self.integers(axis))

    def reshape(self, value: str, *shape: int) -> str:
        return self.op("Reshape", value, self.integers(*shape))

    def split(self, value: str, parts: int, axis: int) -> list[str]:
        """`value` in equal parts along `axis`."""
        names = [self._name("Split") for _ in range(parts)]
        self._nodes.append(helper.make_node("Split", [value], names, axis=axis, num_outputs=parts))
        return names

    def branch(
        self,
        condition: str,
        then: Callable[[GraphBuilder], str],
        otherwise: Callable[[GraphBuilder], str],
        shape: Sequence[int | str],
    ) -> str:
        """An If with one float32 output of `shape`; branches may use any value made before."""
        bodies = []
        for name, make in (("then", then), ("else", otherwise)):
            inner = GraphBuilder(self)
            output = helper.make_tensor_value_info(make(inner), TensorProto.FLOAT, shape)
            bodies.append(helper.make_graph(inner._nodes, name, [], [output]))
        return self.op("If", condition, then_branch=bodies[0], else_branch=bodies[1])

    def model(
        self, inputs: Sequence[Any], output: str, shape: Sequence[int | str], **metadata: str
    ) -> Any:
        """The ModelProto whose output `logits` is the value `output`."""
        self._nodes.append(helper.make_node("Identity", [output], ["logits"]))
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)
        constants = list(self._constants.values())
        graph = helper.make_graph(self._nodes, "guardlet", inputs, [logits], constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="guardlet"
        )
        helper.set_model_props(model, metadata)
        return model

    def _name(self, hint: str) -> str:
        self._names[0] += 1
        return f"{hint}_{self._names[0]}"

    def _store(self, tensor: TensorProto) -> str:
        key = hashlib.sha256(repr((tensor.data_type, list(tensor.dims))).encode())
        key.update(tensor.raw_data)
        found = self._constants.setdefault(key.digest(), tensor)
        if not found.name:
            found.name = self._name("constant")
        name: str = found.name
        return name
