"""What ONNX Runtime computes from an exported bundle against what PyTorch computes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tiny_models import RULES, VOCABULARY, save_tiny_guard, tiny_classifier

from guardlet import Bundle, Window
from guardlet.engines import Engine, open_engine
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.export import export_bundle
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import TorchEngine, uses_type_ids
from guardlet_training.transplant import transplant_bert

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session", params=["mini", "v3", "bert", "roberta", "transplant"])
def exported(
    request: pytest.FixtureRequest, tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Bundle]:
    """A guard folder and its bundle of both precisions."""
    transplant = request.param == "transplant"
    model = transplant_bert(str(tiny_bert)) if transplant else tiny_classifier(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    guard = save_tiny_guard(folder / "guard", model)
    return guard, Bundle.open(export_bundle(guard, folder / "bundle", ("fp32", "int8")))


def engine(bundle: Bundle, name: str) -> Engine:
    artifact = next(item for item in bundle.manifest.artifacts if item.id == name)
    return open_engine(bundle, artifact, 1)


def random_windows(seed: int = 0) -> Iterator[Window]:
    """Prompts and pairs of every length a window can have."""
    generator = np.random.default_rng(seed)
    for length in range(3, RULES.max_tokens + 1):
        words = generator.integers(5, len(VOCABULARY), length - 2).tolist()
        ids = (2, *map(int, words), 3)
        yield Window(ids, (0,) * length, 0, length - 2)
        if length >= 5:
            middle = int(generator.integers(2, length - 2))
            pair = (*ids[:middle], 3, *ids[middle + 1 :])
            types = (0,) * (middle + 1) + (1,) * (length - middle - 1)
            yield Window(pair, types, 0, length - middle - 2)


def test_fp32_is_pytorch_within_1e_5(exported: tuple[Path, Bundle]) -> None:
    guard, bundle = exported
    reference, onnx = TorchEngine.from_folder(guard), engine(bundle, "onnx-fp32")
    for window in random_windows():
        expected, found = reference.logits(window), onnx.logits(window)
        assert found.dtype == np.float32 and found.shape == (2,)
        np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)


def test_int8_scores_are_within_their_tolerance(exported: tuple[Path, Bundle]) -> None:
    guard, bundle = exported
    reference, onnx = TorchEngine.from_folder(guard), engine(bundle, "onnx-int8")
    rules = GuardFolder.open(guard).score
    deltas = [
        abs(rules.score(onnx.logits(w), "prompt") - rules.score(reference.logits(w), "prompt"))
        for w in random_windows(1)
    ]
    assert 0 < max(deltas) <= 0.1


@pytest.mark.parametrize("name", ["onnx-fp32", "onnx-int8"])
def test_the_graph_has_the_inputs_and_output_of_the_format(
    exported: tuple[Path, Bundle], name: str
) -> None:
    guard, bundle = exported
    artifact = next(item for item in bundle.manifest.artifacts if item.id == name)
    assert [file.path for file in artifact.files] == [artifact.entry]
    session = onnxruntime.InferenceSession(bundle.read(artifact.files[0]))
    inputs = session.get_inputs()
    types = uses_type_ids(TorchEngine.from_folder(guard).model.config)
    expected = {"input_ids", "attention_mask"} | ({"token_type_ids"} if types else set())
    assert {"input_ids"} <= {item.name for item in inputs} <= expected
    assert {item.type for item in inputs} == {"tensor(int64)"}
    output = session.get_outputs()[0]
    assert (output.name, output.type) == ("logits", "tensor(float)")


def test_token_types_matter_where_the_model_has_them(exported: tuple[Path, Bundle]) -> None:
    guard, bundle = exported
    onnx = engine(bundle, "onnx-fp32")
    ids = (2, 9, 3, 8, 3)
    one, two = (onnx.logits(Window(ids, (0, 0, 0, t, t), 0, 1)) for t in (0, 1))
    types = uses_type_ids(TorchEngine.from_folder(guard).model.config)
    assert (one.tolist() != two.tolist()) == types


@pytest.mark.parametrize("precision", ["fp16", "int4", "int8-table4"])
def test_what_only_our_own_graph_has(tmp_path: Path, precision: str) -> None:
    guard = save_tiny_guard(tmp_path / "guard", tiny_classifier("bert"))
    with pytest.raises(UnsupportedModelError, match="choose fp32 or int8"):
        export_bundle(guard, tmp_path / "bundle", (precision,))
    assert [path.name for path in tmp_path.iterdir()] == ["guard"]


def test_int8_is_smaller_than_fp32_for_a_model_of_some_size(tmp_path: Path) -> None:
    guard = save_tiny_guard(
        tmp_path / "guard", tiny_classifier("mini", hidden_size=256, initializer_range=0.02)
    )
    bundle = Bundle.open(export_bundle(guard, tmp_path / "bundle", ("fp32", "int8")))
    sizes = {item.precision: item.size for item in bundle.manifest.artifacts}
    assert sizes["int8"] < 0.45 * sizes["fp32"]
