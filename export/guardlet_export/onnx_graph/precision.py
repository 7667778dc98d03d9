"""How the numbers of an ONNX artifact are stored and multiplied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from guardlet_export.onnx_graph.quantise import Floats

Storage = Literal["fp32", "fp16", "int8", "int4"]


@dataclass(frozen=True)
class Precision:
    """`linear` is the format of the dense layers, `table` of the word embeddings.

    fp32: as trained. fp16: stored as float16 and widened when the session is created; computed in
    float32. int8: symmetric, one scale a channel (linear, activations quantised to uint8 as the
    graph runs) or a row (table). int4: symmetric, one scale a block of 32, which
    is float16 in a table.

    `weight_limit` is the largest magnitude of an int8 weight. 127 is right for ARM and for x86
    with VNNI; elsewhere pairs of uint8 x int8 products saturate in 16 bits unless weights stay
    within 63. `kept` names linears that multiply in float32 (see linear_names); they stay int8 in
    the file. `smoothing` holds what each input channel of a linear is divided by before it is
    quantised, and its weights multiplied by: float32 [inputs] by the linear's name.
    """

    linear: Storage
    table: Storage
    weight_limit: int = 127
    kept: frozenset[str] = frozenset()
    smoothing: Mapping[str, Floats] = field(default_factory=dict)


PRECISIONS = {
    "fp32": Precision("fp32", "fp32"),
    "fp16": Precision("fp16", "fp16"),
    "int8": Precision("int8", "int8"),
    "int8-reduced-range": Precision("int8", "int8", weight_limit=63),
    "int8-table4": Precision("int8", "int4"),
    "int4": Precision("int4", "int4"),
}


def linear_names(layers: int) -> list[str]:
    """Every dense layer of a classifier with `layers` encoder layers, in order."""
    parts = ("query_key_value", "attention_output", "intermediate", "output")
    return [f"layer.{i}.{part}" for i in range(layers) for part in parts] + ["pooler"]
