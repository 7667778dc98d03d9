"""The ONNX engine: what it computes, what it refuses, and that it opens nothing unchecked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.external_data_helper import set_external_data
from runtime_helpers import CLS, SEP, edit_manifest, onnx_model, word_ids, write_tiny

from guardlet import Bundle, Guard, Window
from guardlet.engines import can_run, choose_artifact, open_engine
from guardlet.engines.onnx import OnnxEngine
from guardlet.errors import EngineError, IntegrityError, SizeMismatchError

HELLO = Window((CLS, *word_ids("hello"), SEP), (0, 0, 0), 0, 1)
PAIR = Window((CLS, *word_ids("hello"), SEP, *word_ids("bomb"), SEP), (0, 0, 0, 1, 1), 0, 1)
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def constants(model: bytes) -> dict[str, np.ndarray]:
    graph = onnx.load_from_string(model).graph
    return {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}


def model_of(
    nodes: list[onnx.NodeProto],
    inputs: tuple[str, ...] = INPUTS,
    shape: tuple[int | str, ...] = (1, 2),
) -> bytes:
    """A model whose output `logits` is made by `nodes`."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "T"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def constant_model(*logits: float, shape: tuple[int, ...] | None = None) -> bytes:
    dims = shape if shape is not None else (1, len(logits))
    tensor = helper.make_tensor("value", TensorProto.FLOAT, dims, logits)
    return model_of([helper.make_node("Constant", [], ["logits"], value=tensor)], shape=dims)


@pytest.mark.parametrize("window", [HELLO, PAIR])
def test_logits_are_those_of_the_model(window: Window) -> None:
    values = constants(onnx_model())
    seen = values["embedding"][list(window.ids)] + values["types"][list(window.type_ids)]
    logits = OnnxEngine(onnx_model()).logits(window)
    assert logits.dtype == np.float32
    assert logits.shape == (2,)
    np.testing.assert_allclose(logits, seen.mean(axis=0) @ values["matrix"], rtol=1e-5)


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
def test_the_number_of_threads_does_not_change_the_answer(threads: int | None) -> None:
    expected = OnnxEngine(onnx_model(), 1).logits(PAIR)
    assert OnnxEngine(onnx_model(), threads).logits(PAIR).tolist() == expected.tolist()


@pytest.mark.parametrize("name", INPUTS)
def test_a_model_may_take_only_some_inputs(name: str) -> None:
    cast = helper.make_node("Cast", [name], ["logits"], to=TensorProto.FLOAT)
    logits = OnnxEngine(model_of([cast], (name,), (1, "T"))).logits(PAIR)
    expected = {"input_ids": PAIR.ids, "attention_mask": (1,) * 5, "token_type_ids": PAIR.type_ids}
    assert logits.tolist() == list(expected[name])


def test_a_model_that_wants_another_input_is_refused_when_it_is_loaded() -> None:
    cast = helper.make_node("Cast", ["pixels"], ["logits"], to=TensorProto.FLOAT)
    with pytest.raises(EngineError, match="inputs must be among attention_mask, input_ids"):
        OnnxEngine(model_of([cast], ("pixels",), (1, "T")))


@pytest.mark.parametrize("content", [b"", b"junk", onnx_model()[:-50], b"\x00" * 1000])
def test_a_file_that_is_no_model_is_refused(content: bytes) -> None:
    with pytest.raises(EngineError, match="cannot load the model"):
        OnnxEngine(content)


def test_an_id_the_model_lacks_is_an_error_without_the_ids() -> None:
    with pytest.raises(EngineError, match="ONNX Runtime failed: InvalidArgument") as caught:
        OnnxEngine(onnx_model()).logits(Window((CLS, 987654), (0, 0), 0, 1))
    assert "987654" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "model",
    [
        constant_model(float("nan"), 0),
        constant_model(0, float("inf")),
        constant_model(0),
        constant_model(0, 0, 0, 0, shape=(1, 2, 2)),
        constant_model(0, shape=()),
        constant_model(shape=(0, 2)),
    ],
    ids=["nan", "infinite", "one label", "three axes", "scalar", "no row"],
)
def test_logits_that_cannot_be_judged_are_an_error_never_a_verdict(
    model: bytes, tmp_path: Path
) -> None:
    write_tiny(tmp_path / "odd", model=model)
    guard = Guard.load(tmp_path / "odd", threads=1)
    with pytest.raises(EngineError):
        guard.check("hello")


@pytest.mark.parametrize("location", ["weights.bin", "../here/weights.bin", "{}/weights.bin"])
def test_a_model_cannot_pull_in_a_file_nobody_checked(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    model = onnx.load_from_string(onnx_model())
    tensor = next(item for item in model.graph.initializer if item.name == "embedding")
    (here / "weights.bin").write_bytes(tensor.raw_data)
    set_external_data(tensor, location.format(here), 0, len(tensor.raw_data))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    write_tiny(here / "sly", model=model.SerializeToString())
    (here / "sly" / "weights.bin").write_bytes((here / "weights.bin").read_bytes())
    with pytest.raises(EngineError, match="cannot load the model"):
        Guard.load(here / "sly")


def corrupt(content: bytes) -> bytes:
    return b"\x00" * len(content)


def cut(content: bytes) -> bytes:
    return content[:100]


@pytest.mark.parametrize(("damage", "error"), [(corrupt, IntegrityError), (cut, SizeMismatchError)])
def test_a_damaged_model_never_reaches_the_engine(
    broken: Path, damage: Callable[[bytes], bytes], error: type[Exception]
) -> None:
    """The engine would raise EngineError for this content: it must not get to see it."""
    path = broken / "onnx" / "model.onnx"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(EngineError):
        OnnxEngine(path.read_bytes())
    with pytest.raises(error):
        Guard.load(broken)


def test_another_model_of_the_same_length_never_reaches_the_engine(broken: Path) -> None:
    path = broken / "onnx" / "model.onnx"
    other = onnx.load_from_string(path.read_bytes())
    other.graph.name = "evil"
    path.write_bytes(other.SerializeToString())
    assert OnnxEngine(path.read_bytes()).logits(HELLO).shape == (2,)
    with pytest.raises(IntegrityError):
        Guard.load(broken)


def test_an_artifact_of_several_files_is_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path / "mine")

    def change(tree: dict) -> None:
        tree["artifacts"][0]["files"].append(tree["artifacts"][0]["files"][0] | {"path": "b"})

    edit_manifest(tmp_path / "mine", change)
    with pytest.raises(EngineError, match="artifact onnx-fp32 must be a single"):
        Guard.load(tmp_path / "mine")


def foreign(tree: dict) -> None:
    tree["artifacts"][0] |= {"engine": "coreml", "id": "coreml-fp16"}


def test_an_engine_of_another_platform_is_refused_by_name(broken: Path) -> None:
    edit_manifest(broken, foreign)
    bundle = Bundle.open(broken)
    (artifact,) = bundle.manifest.artifacts
    assert not can_run(artifact)
    with pytest.raises(EngineError, match="engine coreml cannot run from Python"):
        open_engine(bundle, artifact, None)
    with pytest.raises(EngineError, match=r"no artifact that can run here; it has coreml-fp16"):
        Guard.load(broken)


def test_artifacts_are_chosen_by_id_then_engine_then_what_runs(broken: Path) -> None:
    def change(tree: dict) -> None:
        first = tree["artifacts"][0]
        other = first | {
            "id": "onnx-int8",
            "entry": "b",
            "files": [first["files"][0] | {"path": "b"}],
        }
        third = other | {"id": "core", "entry": "c", "files": [first["files"][0] | {"path": "c"}]}
        tree["artifacts"] = [third | {"engine": "coreml"}, first, other]

    edit_manifest(broken, change)
    bundle = Bundle.open(broken)
    chosen = {None: "onnx-fp32", "onnx": "onnx-fp32", "onnx-int8": "onnx-int8", "coreml": "core"}
    for name, expected in chosen.items():
        assert choose_artifact(bundle, name).id == expected
    for name in ("torch", "", "ONNX", "onnx-fp16"):
        with pytest.raises(EngineError, match=r"it has core \(coreml\), onnx-fp32 \(onnx\)"):
            choose_artifact(bundle, name)
