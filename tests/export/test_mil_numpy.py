"""MIL programs evaluated with NumPy, against PyTorch and what coremltools decompresses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("coremltools", reason="the Core ML evaluator needs coremltools")

from guardlet_export.coreml.convert import quiet
from guardlet_export.coreml.package import write_package
from guardlet_export.mil_numpy.program import read_package
from guardlet_export.mil_numpy.values import ProgramError, unpack_bits

SHAPE = (2, 3, 4)
WEIGHT = np.linspace(-1, 1, 24, dtype=np.float32).reshape(6, 4)
ROW = np.linspace(0.5, 1.5, 4, dtype=np.float32)


def converted(build: Callable[[Any, Any], Any], precision: str = "FLOAT32", **options: Any) -> Any:
    """A program of one input `x`, float32 SHAPE, written with coremltools' builder."""
    with quiet():
        import coremltools as ct
        from coremltools.converters.mil import Builder as mb  # noqa: N813

        @mb.program(
            input_specs=[mb.TensorSpec(shape=SHAPE)],
            opset_version=options.get("opset", ct.target.iOS16),
        )
        def program(x: Any) -> Any:
            return build(mb, x)

        return ct.convert(
            program,
            convert_to="mlprogram",
            compute_precision=ct.precision[precision],
            minimum_deployment_target=options.get("opset", ct.target.iOS16),
            skip_model_load=True,
        )


def evaluated(model: Any, folder: Path, x: np.ndarray) -> np.ndarray:
    write_package(model, folder / "m.mlpackage")
    function = read_package(folder / "m.mlpackage")["main"]
    (name,) = function.inputs
    assert function.inputs[name] == SHAPE
    (result,) = function({name: x}).values()
    return result


def sample(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=SHAPE).astype(np.float32)


OPERATIONS: list[tuple[str, Callable[[Any, Any], Any], Callable[[torch.Tensor], torch.Tensor]]] = [
    ("add", lambda mb, x: mb.add(x=x, y=ROW), lambda x: x + torch.tensor(ROW)),
    ("sub", lambda mb, x: mb.sub(x=ROW, y=x), lambda x: torch.tensor(ROW) - x),
    ("mul", lambda mb, x: mb.mul(x=x, y=ROW), lambda x: x * torch.tensor(ROW)),
    ("real_div", lambda mb, x: mb.real_div(x=x, y=ROW), lambda x: x / torch.tensor(ROW)),
    ("relu", lambda mb, x: mb.relu(x=x), F.relu),
    ("tanh", lambda mb, x: mb.tanh(x=x), torch.tanh),
    ("sigmoid", lambda mb, x: mb.sigmoid(x=x), torch.sigmoid),
    ("silu", lambda mb, x: mb.silu(x=x), F.silu),
    ("erf", lambda mb, x: mb.erf(x=x), torch.erf),
    ("gelu", lambda mb, x: mb.gelu(x=x), F.gelu),
    (
        "gelu_tanh",
        lambda mb, x: mb.gelu(x=x, mode="TANH_APPROXIMATION"),
        lambda x: F.gelu(x, approximate="tanh"),
    ),
    ("softmax", lambda mb, x: mb.softmax(x=x, axis=1), lambda x: x.softmax(1)),
    (
        "layer_norm",
        lambda mb, x: mb.layer_norm(x=x, axes=[-1], gamma=ROW, beta=ROW, epsilon=1e-3),
        lambda x: F.layer_norm(x, (4,), torch.tensor(ROW), torch.tensor(ROW), 1e-3),
    ),
    (
        "linear",
        lambda mb, x: mb.linear(x=x, weight=WEIGHT),
        lambda x: F.linear(x, torch.tensor(WEIGHT)),
    ),
    (
        "matmul",
        lambda mb, x: mb.matmul(x=x, y=WEIGHT, transpose_y=True),
        lambda x: x @ torch.tensor(WEIGHT).T,
    ),
    (
        "matmul_transposed",
        lambda mb, x: mb.matmul(x=x, y=x, transpose_x=True),
        lambda x: x.transpose(1, 2) @ x,
    ),
    ("transpose", lambda mb, x: mb.transpose(x=x, perm=[2, 0, 1]), lambda x: x.permute(2, 0, 1)),
    ("reshape", lambda mb, x: mb.reshape(x=x, shape=[4, -1]), lambda x: x.reshape(4, 6)),
    ("expand_dims", lambda mb, x: mb.expand_dims(x=x, axes=[1]), lambda x: x.unsqueeze(1)),
    (
        "squeeze",
        lambda mb, x: mb.squeeze(x=mb.reduce_sum(x=x, axes=[0], keep_dims=True), axes=[0]),
        lambda x: x.sum(0),
    ),
    ("reduce_sum", lambda mb, x: mb.reduce_sum(x=x, axes=[0, 2]), lambda x: x.sum((0, 2))),
    (
        "slice",
        lambda mb, x: mb.slice_by_index(
            x=x,
            begin=[1, 0, 3],
            end=[0, 2, 0],
            stride=[1, 1, -2],
            end_mask=[False, False, True],
            squeeze_mask=[True, False, False],
        ),
        lambda x: x[1, :2].flip(-1)[:, ::2],
    ),
    (
        "split",
        lambda mb, x: mb.split(x=x, split_sizes=[1, 3], axis=2)[1],
        lambda x: x[..., 1:],
    ),
    ("gather", lambda mb, x: mb.gather(x=x, indices=[2, 0], axis=1), lambda x: x[:, [2, 0]]),
    (
        "gather_along_axis",
        lambda mb, x: mb.gather_along_axis(x=x, indices=np.ones((2, 3, 2), np.int32), axis=2),
        lambda x: x[..., [1, 1]],
    ),
    (
        "select",
        lambda mb, x: mb.select(cond=mb.greater_equal(x=x, y=0.0), a=x, b=mb.mul(x=x, y=ROW)),
        lambda x: torch.where(x >= 0, x, x * torch.tensor(ROW)),
    ),
    (
        "cast",
        lambda mb, x: mb.cast(x=mb.cast(x=x, dtype="int32"), dtype="fp32"),
        lambda x: x.trunc(),
    ),
]


@pytest.mark.parametrize(
    ("build", "expected"), [case[1:] for case in OPERATIONS], ids=[case[0] for case in OPERATIONS]
)
def test_operations_compute_what_pytorch_computes(
    tmp_path: Path, build: Callable[..., Any], expected: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    x = sample()
    result, right = evaluated(converted(build), tmp_path, x), expected(torch.tensor(x)).numpy()
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, right, rtol=1e-6, atol=1e-6)


def test_half_precision_rounds_every_result(tmp_path: Path) -> None:
    model = converted(lambda mb, x: mb.mul(x=mb.add(x=x, y=ROW), y=ROW), "FLOAT16")
    half = sample().astype(np.float16)
    right = (half + ROW.astype(np.float16)) * ROW.astype(np.float16)
    np.testing.assert_array_equal(evaluated(model, tmp_path, sample()), right)


def linear(mb: Any, x: Any) -> Any:
    weight = np.random.default_rng(1).normal(size=(32, 4)).astype(np.float32)
    return mb.linear(x=x, weight=weight)


COMPRESSIONS: dict[str, dict[str, Any]] = {
    "int8": {"mode": "linear_symmetric"},
    "uint8": {"mode": "linear", "dtype": "uint8"},
    "int8-ios18": {"mode": "linear_symmetric", "opset": 18},
    "uint8-ios18": {"mode": "linear", "dtype": "uint8", "opset": 18},
    "6bit": {"mode": "kmeans", "nbits": 6},
    "4bit": {"mode": "kmeans", "nbits": 4},
    "3bit-ios18": {"mode": "kmeans", "nbits": 3, "opset": 18},
    "4bit-groups": {
        "mode": "kmeans",
        "nbits": 4,
        "granularity": "per_grouped_channel",
        "group_size": 8,
        "opset": 18,
    },
}


@pytest.mark.parametrize("compression", COMPRESSIONS.values(), ids=COMPRESSIONS)
def test_compressed_weights_are_those_coremltools_restores(
    tmp_path: Path, compression: dict[str, Any]
) -> None:
    with quiet():
        import coremltools as ct
        import coremltools.optimize.coreml as cto

        options = dict(compression)
        opset = ct.target[f"iOS{options.pop('opset', 16)}"]
        model = converted(linear, "FLOAT16", opset=opset)
        if options["mode"] == "kmeans":
            palette = cto.OpPalettizerConfig(weight_threshold=10, **options)
            small = cto.palettize_weights(model, cto.OptimizationConfig(global_config=palette))
        else:
            scale = cto.OpLinearQuantizerConfig(weight_threshold=10, **options)
            small = cto.linear_quantize_weights(model, cto.OptimizationConfig(global_config=scale))
        restored = cto.decompress_weights(small)
    for name in ("small", "restored", "full"):
        (tmp_path / name).mkdir()
    results = [
        evaluated(item, tmp_path / name, sample())
        for item, name in ((small, "small"), (restored, "restored"), (model, "full"))
    ]
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


@settings(max_examples=100, deadline=None)
@given(bits=st.integers(1, 8), data=st.data())
def test_bits_are_read_from_the_least_significant_on(bits: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, 2**bits - 1), min_size=1, max_size=40))
    number = sum(value << (bits * i) for i, value in enumerate(values))
    packed = np.frombuffer(number.to_bytes(-(-bits * len(values) // 8), "little"), np.uint8)
    assert unpack_bits(packed, bits, len(values)).tolist() == values


def test_an_unknown_operation_is_named_before_anything_runs(tmp_path: Path) -> None:
    write_package(converted(lambda mb, x: mb.sin(x=x)), tmp_path / "m.mlpackage")
    with pytest.raises(ProgramError, match="'sin'"):
        read_package(tmp_path / "m.mlpackage")


def test_an_unknown_mode_is_named(tmp_path: Path) -> None:
    model = converted(lambda mb, x: mb.gelu(x=x, mode="SIGMOID_APPROXIMATION"))
    with pytest.raises(ProgramError, match="SIGMOID_APPROXIMATION"):
        evaluated(model, tmp_path, sample())


@pytest.mark.parametrize("damage", ["no model", "no weights", "short weights", "not a model"])
def test_a_damaged_package_is_refused(tmp_path: Path, damage: str) -> None:
    package = tmp_path / "m.mlpackage"
    write_package(converted(linear), package)
    folder = package / "Data" / "com.apple.CoreML"
    weights, model = folder / "weights" / "weight.bin", folder / "model.mlmodel"
    if damage == "no model":
        model.unlink()
    elif damage == "no weights":
        weights.unlink()
    elif damage == "short weights":
        weights.write_bytes(weights.read_bytes()[:100])
    else:
        model.write_bytes(b"\xff" * 100)
    with pytest.raises(ProgramError):
        read_package(package)
