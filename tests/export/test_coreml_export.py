"""Core ML artifacts compute what the PyTorch model computes, as far as their weights allow."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from deberta_models import eager_logits, random_deberta, random_inputs

pytest.importorskip("coremltools", reason="Core ML export needs coremltools")

from coreml_models import CONFIGS, LENGTHS, artifact, as_feed, as_window, tiny

from guardlet.encoder import Window
from guardlet.errors import EngineError
from guardlet_export.coreml.emit import emit_coreml
from guardlet_export.coreml.engine import CoreMLEngine
from guardlet_export.coreml.formats import FORMATS
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.mil_numpy.program import MilFunction, read_package

pytestmark = pytest.mark.slow
# Of a logit, relative where logits are large.
TOLERANCES = {
    "fp32": 1e-5,
    "fp16": 5e-3,
    "int8": 0.05,
    "int8-ios18": 0.05,
    "6bit": 0.15,
    "4bit-ios18": 0.4,
}
CASES = [
    ("v3", "fp32", LENGTHS),
    ("v3", "fp16", LENGTHS),
    ("v3", "int8", LENGTHS[:1]),
    ("v3", "6bit", LENGTHS[:1]),
    ("v3", "4bit-ios18", LENGTHS[:1]),
    ("transplanted", "fp32", LENGTHS),
    ("transplanted", "fp16", LENGTHS),
    ("transplanted", "int8", LENGTHS),
    ("transplanted", "int8-ios18", LENGTHS),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("coreml")


def functions(entry: Path) -> dict[str, MilFunction]:
    if entry.suffix == ".mlpackage":
        return read_package(entry)
    return {path.stem: read_package(path)["main"] for path in entry.iterdir()}


def error(logits: np.ndarray, inputs: dict[str, torch.Tensor], config: str) -> float:
    eager = eager_logits(tiny(config), inputs).numpy()
    return float((np.abs(logits - eager) / np.maximum(np.abs(eager), 1)).max())


def worst_error(entry: Path, config: str) -> float:
    """Over every length, full and padded."""
    return max(
        error(function(as_feed(inputs))["logits"], inputs, config)
        for name, function in functions(entry).items()
        for padding in (0, 1, 5)
        for seed in range(4)
        for inputs in [random_inputs(int(name.removeprefix("length_")), padding, seed)]
    )


@pytest.mark.parametrize(("config", "form", "lengths"), CASES)
def test_every_length_computes_the_model(
    root: Path, config: str, form: str, lengths: tuple[int, ...]
) -> None:
    entry = artifact(root, config, form, lengths)
    assert set(functions(entry)) == {f"length_{length}" for length in lengths}
    assert worst_error(entry, config) <= TOLERANCES[form]


def test_inputs_and_output_are_those_of_the_format(root: Path) -> None:
    from coremltools.proto import Model_pb2

    for config, names in (
        ("v3", ["input_ids", "attention_mask"]),
        ("transplanted", ["input_ids", "attention_mask", "token_type_ids"]),
    ):
        file = artifact(root, config, "fp16") / "length_8.mlpackage/Data/com.apple.CoreML"
        model = Model_pb2.Model.FromString((file / "model.mlmodel").read_bytes())
        assert model.specificationVersion == 7  # iOS 16
        assert [item.name for item in model.description.input] == names
        arrays = [item.type.multiArrayType for item in model.description.input]
        assert {tuple(array.shape) for array in arrays} == {(1, 8)}
        assert {array.dataType for array in arrays} == {array.INT32 for array in arrays}
        (output,) = model.description.output
        assert (output.name, tuple(output.type.multiArrayType.shape)) == ("logits", (1, 2))
        assert output.type.multiArrayType.dataType == arrays[0].FLOAT32


def test_functions_of_one_package_share_weights(root: Path) -> None:
    entry = artifact(root, "transplanted", "int8-ios18")
    weights = "Data/com.apple.CoreML/weights/weight.bin"
    apart = artifact(root, "transplanted", "int8")
    alone = [(path / weights).stat().st_size for path in apart.iterdir()]
    assert (entry / weights).stat().st_size < 0.75 * sum(alone)


def test_the_same_model_gives_the_same_bytes(root: Path, tmp_path: Path) -> None:
    first = artifact(root, "v3", "fp16")
    emit_coreml(tiny("v3"), tmp_path / "again", FORMATS["fp16"], 16, (8,))
    again = tmp_path / "again" / "length_8.mlpackage"
    files = sorted(path for path in again.rglob("*") if path.is_file())
    assert [path.relative_to(again).as_posix() for path in files] == [
        "Data/com.apple.CoreML/model.mlmodel",
        "Data/com.apple.CoreML/weights/weight.bin",
        "Manifest.json",
    ]
    for path in files:
        assert (first / path.relative_to(tmp_path / "again")).read_bytes() == path.read_bytes()
    manifest = json.loads((again / "Manifest.json").read_text())
    paths = {item["path"] for item in manifest["itemInfoEntries"].values()}
    assert paths == {"com.apple.CoreML/model.mlmodel", "com.apple.CoreML/weights"}
    root_item = manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]
    assert root_item["name"] == "model.mlmodel"


@pytest.mark.parametrize("tokens", [3, 7, 8, 9, 16])
def test_a_window_goes_to_the_shortest_length_that_holds_it(root: Path, tokens: int) -> None:
    engine = CoreMLEngine.with_numpy(artifact(root, "transplanted", "fp32"))
    inputs = random_inputs(tokens, seed=tokens)
    assert error(engine.logits(as_window(inputs))[None], inputs, "transplanted") <= 1e-5


def test_a_longer_window_is_refused(root: Path) -> None:
    engine = CoreMLEngine.with_numpy(artifact(root, "transplanted", "fp32"))
    with pytest.raises(EngineError, match="17 tokens"):
        engine.logits(Window((1,) * 17, (0,) * 17, 0, 17))


def test_an_empty_or_foreign_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no \.mlpackage"):
        CoreMLEngine.with_numpy(tmp_path)
    (tmp_path / "model.mlpackage").mkdir()
    with pytest.raises(EngineError, match="input length"):
        CoreMLEngine.with_numpy(tmp_path)


@pytest.mark.skipif(sys.platform != "darwin", reason="Core ML runs on macOS only")
@pytest.mark.parametrize("form", ["fp32", "fp16", "int8"])
def test_core_ml_itself_agrees(root: Path, form: str) -> None:
    engine = CoreMLEngine.with_core_ml(artifact(root, "transplanted", form))
    for tokens in (3, 8, 13):
        inputs = random_inputs(tokens, seed=tokens)
        logits = engine.logits(as_window(inputs))[None]
        assert error(logits, inputs, "transplanted") <= 2 * TOLERANCES[form]


@pytest.mark.skipif(sys.platform == "darwin", reason="this is what other systems answer")
def test_core_ml_elsewhere_is_a_clear_error(root: Path) -> None:
    with pytest.raises(EngineError, match="macOS"):
        CoreMLEngine.with_core_ml(artifact(root, "transplanted", "fp32"))


def test_activations_beyond_float16_are_an_error(tmp_path: Path) -> None:
    model = random_deberta(1, **CONFIGS["v3"], num_hidden_layers=1)
    with torch.no_grad():
        model.deberta.encoder.layer[0].intermediate.dense.weight *= 3e4
    emit_coreml(model, tmp_path / "fp16", FORMATS["fp16"], 8, (8,))
    with pytest.raises(EngineError, match="overflow"):
        CoreMLEngine.with_numpy(tmp_path / "fp16").logits(as_window(random_inputs(8)))


def test_unsupported_models_leave_nothing(tmp_path: Path) -> None:
    model = random_deberta(1, **CONFIGS["transplanted"])
    with pytest.raises(UnsupportedModelError):
        emit_coreml(model, tmp_path / "fp16", FORMATS["fp16"], 4096)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("form", "max_tokens", "lengths"),
    [
        ("fp16", 512, (128, 512)),
        ("int8", 256, (128, 256)),
        ("int8", 128, (128,)),
        ("int8", 100, (100,)),
        ("int8-ios18", 512, (64, 128, 256, 512)),
        ("int8-ios18", 256, (64, 128, 256)),
        ("int8-ios18", 40, (40,)),
    ],
)
def test_default_lengths(form: str, max_tokens: int, lengths: tuple[int, ...]) -> None:
    assert FORMATS[form].lengths(max_tokens) == lengths
