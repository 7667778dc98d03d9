"""The ONNX graph written node by node is DebertaV2ForSequenceClassification, at every length and
within what each precision allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from deberta_models import (
    CONFIGS,
    DEBERTA_V3,
    TRANSPLANTED,
    eager_logits,
    random_deberta,
    random_inputs,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from guardlet import Window
from guardlet.engines.onnx import OnnxEngine
from guardlet_export.deberta_weights import DebertaWeights, read_weights
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.onnx_graph import PRECISIONS, Precision, linear_names, onnx_bytes
from guardlet_export.onnx_graph.classifier import SHORT

LONGEST = SHORT + 16
# Lengths around the switch between the two forms of attention, and the ends.
LENGTHS = (2, 3, SHORT - 1, SHORT, SHORT + 1, LONGEST)
# Of a logit of unit size, on weights like a trained model's.
BOUNDS = {
    "fp32": 1e-5,
    "fp16": 2e-3,
    "int8": 0.04,
    "int8-reduced-range": 0.06,
    "int8-table4": 0.25,
    "int4": 0.3,
}
# 4-bit blocks need widths that are multiples of 32.
MILD = {
    "gain": 0.8,
    "hidden_size": 64,
    "num_attention_heads": 2,
    "intermediate_size": 96,
    "max_position_embeddings": LONGEST,
}


def engine(weights: DebertaWeights, precision: Precision) -> OnnxEngine:
    return OnnxEngine(onnx_bytes(weights, precision), 1)


def onnx_logits(onnx: OnnxEngine, inputs: dict[str, Any]) -> NDArray[np.float32]:
    ids, types = (inputs[key][0].tolist() for key in ("input_ids", "token_type_ids"))
    return onnx.logits(Window(tuple(ids), tuple(types), 0, len(ids)))


def error(onnx: OnnxEngine, model: Any, length: int, seed: int = 0) -> float:
    """Largest deviation of a logit from eager PyTorch, relative where logits are large."""
    inputs = random_inputs(length, seed=seed)
    expected = eager_logits(model, inputs)[0].numpy()
    found = onnx_logits(onnx, inputs)
    assert found.dtype == np.float32 and found.shape == expected.shape
    return float((np.abs(found - expected) / np.maximum(np.abs(expected), 1)).max())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    config=CONFIGS,
    seed=st.integers(0, 10_000),
    short=st.integers(2, SHORT),
    long=st.integers(SHORT + 1, LONGEST),
)
def test_fp32_equals_eager_for_any_config(
    config: dict[str, Any], seed: int, short: int, long: int
) -> None:
    model = random_deberta(seed, gain=0.8, max_position_embeddings=LONGEST, **config)
    graph = engine(read_weights(model), PRECISIONS["fp32"])
    for length in (short, long):
        assert error(graph, model, length, seed) <= BOUNDS["fp32"]


@pytest.mark.parametrize("config", [DEBERTA_V3, TRANSPLANTED])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_keeps_its_bound_at_every_length(
    config: dict[str, Any], precision: str
) -> None:
    model = random_deberta(3, **MILD | config)
    graph = engine(read_weights(model), PRECISIONS[precision])
    errors = [error(graph, model, length, seed) for length in LENGTHS for seed in range(4)]
    assert max(errors) <= BOUNDS[precision]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_model_shorter_than_the_switch(precision: str) -> None:
    model = random_deberta(4, **MILD | TRANSPLANTED | {"max_position_embeddings": 12})
    graph = engine(read_weights(model), PRECISIONS[precision])
    assert max(error(graph, model, length) for length in (2, 7, 12)) <= BOUNDS[precision]


def test_fewer_tokens_than_the_model_could_read() -> None:
    model = random_deberta(5, **MILD | TRANSPLANTED)
    graph = engine(read_weights(model, 70), PRECISIONS["fp32"])
    assert max(error(graph, model, length) for length in (2, SHORT, 70)) <= BOUNDS["fp32"]


def test_512_positions_in_256_buckets() -> None:
    model = random_deberta(
        6, gain=0.8, **DEBERTA_V3 | {"max_position_embeddings": 512, "position_buckets": 256}
    )
    graph = engine(read_weights(model), PRECISIONS["fp32"])
    assert max(error(graph, model, length) for length in (40, 300, 512)) <= BOUNDS["fp32"]


def test_linears_kept_in_float32_help_and_take_no_space() -> None:
    model = random_deberta(7, **MILD | DEBERTA_V3 | {"hidden_size": 128, "intermediate_size": 512})
    weights = read_weights(model)
    int8 = PRECISIONS["int8"]
    kept = replace(int8, kept=frozenset(linear_names(2)))
    plain, better = onnx_bytes(weights, int8), onnx_bytes(weights, kept)
    assert len(better) <= 1.03 * len(plain)
    mean = [
        np.mean([error(OnnxEngine(file, 1), model, length, seed) for seed in range(8)])
        for file in (plain, better)
        for length in (20, SHORT + 6)
    ]
    assert mean[2] < mean[0] and mean[3] < mean[1]


def test_smoothing_is_the_same_function_in_exact_arithmetic() -> None:
    """One power of two for all channels rounds nothing, so not a bit may change."""
    weights = read_weights(random_deberta(8, **MILD | TRANSPLANTED))
    widths = {name: 96 if name.endswith(".output") else 64 for name in linear_names(2)}
    scales = {
        name: np.full(width, 2.0 ** (i % 5 - 2), np.float32)
        for i, (name, width) in enumerate(widths.items())
    }
    plain = engine(weights, PRECISIONS["int8"])
    smooth = engine(weights, replace(PRECISIONS["int8"], smoothing=scales))
    for length in LENGTHS:
        inputs = random_inputs(length, seed=length)
        np.testing.assert_array_equal(onnx_logits(smooth, inputs), onnx_logits(plain, inputs))


def test_uneven_smoothing_stays_within_the_bound_of_int8() -> None:
    model = random_deberta(9, **MILD | DEBERTA_V3)
    draw = np.random.default_rng(0)
    scales = {
        name: np.exp(draw.normal(0, 0.5, 96 if name.endswith(".output") else 64)).astype(np.float32)
        for name in linear_names(2)
    }
    smooth = replace(PRECISIONS["int8"], smoothing=scales)
    graph = engine(read_weights(model), smooth)
    assert max(error(graph, model, length) for length in LENGTHS) <= BOUNDS["int8"]


def test_smoothing_the_attention_output_adds_no_work() -> None:
    weights = read_weights(random_deberta(11, **MILD | DEBERTA_V3))
    scales = {f"layer.{i}.attention_output": np.full(64, 1.5, np.float32) for i in range(2)}
    plain, smooth = (
        onnx.load_from_string(onnx_bytes(weights, replace(PRECISIONS["int8"], smoothing=scale)))
        for scale in ({}, scales)
    )
    kinds = [
        [inner.op_type for node in model.graph.node for a in node.attribute for inner in a.g.node]
        for model in (plain, smooth)
    ]
    assert kinds[0] and kinds[0] == kinds[1]


def test_reduced_range_halves_the_weights() -> None:
    weights = read_weights(random_deberta(10, **MILD | DEBERTA_V3))
    for name, limit in (("int8", 127), ("int8-reduced-range", 63)):
        graph = onnx.load_from_string(onnx_bytes(weights, PRECISIONS[name])).graph
        stored = {tensor.name: tensor for tensor in graph.initializer}
        branches = [a.g for node in graph.node for a in node.attribute if node.op_type == "If"]
        dense = {
            node.input[1]
            for branch in branches
            for node in branch.node
            if node.op_type == "DynamicQuantizeMatMul" and len(node.input) == 5
        }
        assert len(dense) >= 8
        for tensor in dense:
            values = onnx.numpy_helper.to_array(stored[tensor]).astype(int)
            assert np.abs(values).max() == limit


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("config", "types"), [(DEBERTA_V3, False), (TRANSPLANTED, True)])
def test_the_file_is_what_the_bundle_format_and_old_runtimes_read(
    precision: str, config: dict[str, Any], types: bool
) -> None:
    model = random_deberta(0, **MILD | config | {"num_labels": 3})
    file = onnx.load_from_string(onnx_bytes(read_weights(model), PRECISIONS[precision]))
    inputs = [describe(value) for value in file.graph.input]
    ids = ["input_ids"] + ["token_type_ids"] * types
    assert inputs == [(name, onnx.TensorProto.INT64, [1, "T"]) for name in ids]
    assert [describe(value) for value in file.graph.output] == [
        ("logits", onnx.TensorProto.FLOAT, [1, 3])
    ]
    # What ONNX Runtime 1.22 reads.
    assert file.ir_version <= 10
    opsets = {item.domain: item.version for item in file.opset_import}
    assert opsets == {"": 21, "com.microsoft": 1}
    assert not any(tensor.external_data for tensor in file.graph.initializer)


def describe(value: Any) -> tuple[str, int, list[int | str]]:
    tensor = value.type.tensor_type
    return value.name, tensor.elem_type, [d.dim_param or d.dim_value for d in tensor.shape.dim]


def test_the_same_weights_make_the_same_bytes() -> None:
    weights = read_weights(random_deberta(0, **DEBERTA_V3))
    assert onnx_bytes(weights, PRECISIONS["fp32"]) == onnx_bytes(weights, PRECISIONS["fp32"])


@pytest.mark.parametrize("setting", ["hidden_act", "pooler_hidden_act"])
def test_an_activation_without_an_operator_is_named(setting: str) -> None:
    weights = read_weights(random_deberta(0, **DEBERTA_V3 | {setting: "quick_gelu"}))
    with pytest.raises(UnsupportedModelError, match="quick_gelu"):
        onnx_bytes(weights, PRECISIONS["fp32"])


@pytest.mark.parametrize("precision", ["int8-table4", "int4"])
def test_widths_that_four_bit_blocks_do_not_divide_are_named(precision: str) -> None:
    weights = read_weights(random_deberta(0, **DEBERTA_V3))
    with pytest.raises(UnsupportedModelError, match="multiples of 32, not 24"):
        onnx_bytes(weights, PRECISIONS[precision])
