"""A bundle's weights, read back, make the classifier that they came from."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from deberta_models import (
    CONFIGS,
    DEBERTA_V3,
    TRANSPLANTED,
    eager_logits,
    random_deberta,
    random_inputs,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tiny_models import save_tiny_guard, tiny_classifier

from guardlet import Bundle, Guard, Window
from guardlet.engines.onnx import OnnxEngine
from guardlet_export.deberta_weights import distance_rows, read_weights
from guardlet_export.errors import ThawError
from guardlet_export.export import export_bundle
from guardlet_export.guard_folder import GuardFolder, GuardFolderError
from guardlet_export.onnx_graph import PRECISIONS, linear_names, onnx_bytes
from guardlet_export.reference import TorchEngine
from guardlet_export.thaw import thaw
from guardlet_export.thaw.buckets import bucket_settings
from guardlet_export.thaw.positions import KnownRows, factored
from guardlet_export.thaw.thaw import rebuilt

LONGEST = 80
# Of a logit of unit size: int8 differs from the model it holds by its rounded activations alone.
BOUNDS = {
    **dict.fromkeys(("fp32", "fp16"), 1e-4),
    **dict.fromkeys(("int8", "int8-reduced-range", "int8-table4"), 0.04),
}
MILD = {
    "gain": 0.8,
    "hidden_size": 64,
    "num_attention_heads": 2,
    "intermediate_size": 96,
    "max_position_embeddings": LONGEST,
}


def thawed(content: bytes, labels: int = 2) -> Any:
    return rebuilt(content, [f"label {i}" for i in range(labels)], 0)


def error(found: Any, expected: Any) -> float:
    """Largest deviation of a logit, relative where logits are large."""
    return float((np.abs(found - expected) / np.maximum(np.abs(expected), 1)).max())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=CONFIGS, seed=st.integers(0, 10_000), length=st.integers(2, LONGEST))
def test_fp32_gives_back_the_function_of_any_config(
    config: dict[str, Any], seed: int, length: int
) -> None:
    model = random_deberta(seed, gain=0.8, max_position_embeddings=LONGEST, **config)
    again = thawed(onnx_bytes(read_weights(model), PRECISIONS["fp32"]), config["num_labels"])
    inputs = random_inputs(length, seed=seed)
    assert error(eager_logits(again, inputs), eager_logits(model, inputs)) <= BOUNDS["fp32"]


@pytest.mark.parametrize("config", [DEBERTA_V3, TRANSPLANTED])
@pytest.mark.parametrize("precision", BOUNDS)
def test_every_precision_gives_back_what_its_engine_computes(
    config: dict[str, Any], precision: str
) -> None:
    content = onnx_bytes(read_weights(random_deberta(3, **MILD | config)), PRECISIONS[precision])
    assert engine_error(content) <= BOUNDS[precision]


def test_smoothing_and_linears_kept_in_float32_are_undone() -> None:
    draw = np.random.default_rng(0)
    names = linear_names(2)
    scales = {
        name: np.exp(draw.normal(0, 0.5, 96 if name.endswith(".output") else 64)).astype(np.float32)
        for name in names
    }
    weights = read_weights(random_deberta(9, **MILD | TRANSPLANTED))
    int8 = replace(PRECISIONS["int8"], smoothing=scales, kept=frozenset([names[2], names[-1]]))
    assert engine_error(onnx_bytes(weights, int8)) <= BOUNDS["int8"]


def engine_error(content: bytes) -> float:
    """Of the classifier thawed against the artifact's own engine."""
    engine, again = OnnxEngine(content, 1), thawed(content)
    errors = []
    for length in (2, 3, 63, 64, 65, LONGEST):
        inputs = random_inputs(length, seed=length)
        ids, types = (inputs[key][0].tolist() for key in ("input_ids", "token_type_ids"))
        expected = engine.logits(Window(tuple(ids), tuple(types), 0, len(ids)))
        errors.append(error(eager_logits(again, inputs)[0].numpy(), expected))
    return max(errors)


def test_fewer_tokens_than_the_model_could_read() -> None:
    model = random_deberta(5, **MILD | TRANSPLANTED)
    again = thawed(onnx_bytes(read_weights(model, 30), PRECISIONS["fp32"]))
    assert again.config.max_position_embeddings == 30
    inputs = random_inputs(30)
    assert error(eager_logits(again, inputs), eager_logits(model, inputs)) <= BOUNDS["fp32"]


def test_512_positions_in_256_buckets_of_a_narrow_model() -> None:
    """More rows in reach than the model is wide."""
    model = random_deberta(
        6, gain=0.8, **DEBERTA_V3 | {"max_position_embeddings": 512, "position_buckets": 256}
    )
    again = thawed(onnx_bytes(read_weights(model), PRECISIONS["fp32"]))
    for length in (40, 512):
        inputs = random_inputs(length)
        assert error(eager_logits(again, inputs), eager_logits(model, inputs)) <= BOUNDS["fp32"]


def test_what_was_thawed_can_be_frozen_again() -> None:
    weights = read_weights(random_deberta(3, **MILD | TRANSPLANTED))
    again = read_weights(thawed(onnx_bytes(weights, PRECISIONS["fp32"])))
    assert torch.equal(again.distances, weights.distances)
    torch.testing.assert_close(again.words, weights.words)
    for new, old in zip(again.layers[:-1], weights.layers[:-1], strict=True):
        reached = weights.distances.unique()
        for name in ("position_key", "position_query"):
            found, expected = (getattr(layer, name)[..., reached] for layer in (new, old))
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@given(
    buckets=st.sampled_from([-1, 4, 32, 256]),
    reach=st.sampled_from([6, 64, 300, 512]),
    length=st.integers(2, 512),
)
@example(buckets=40, reach=6, length=80)
@settings(deadline=None, max_examples=40)
def test_bucket_settings_are_found_again(buckets: int, reach: int, length: int) -> None:
    class Config:
        position_buckets = buckets
        max_relative_positions = reach

    rows = distance_rows(Config, length)

    class Found:
        position_buckets: int
        max_relative_positions: int

    for name, value in bucket_settings(rows).items():
        setattr(Found, name, value)
    assert torch.equal(distance_rows(Found, length), rows)


def test_buckets_of_no_setting_are_refused() -> None:
    with pytest.raises(ThawError, match="buckets"):
        bucket_settings(torch.tensor([0, 3, 2, 0, 1]))


def test_tables_that_share_too_many_directions_get_the_nearest_embeddings() -> None:
    """Full rank in 12 rows of width 4: the best that 4 directions can do, by Eckart and Young."""
    table = np.random.default_rng(0).normal(size=(12, 4))
    other = np.random.default_rng(1).normal(size=(12, 4))
    rows = np.arange(12)
    embeddings, fits = factored([KnownRows(rows, table), KnownRows(rows, other)], 12, 4)
    both = np.concatenate([table, other], axis=1)
    found = np.concatenate([embeddings @ w.T + b for w, b in fits], axis=1)
    sizes = np.linalg.svd(both - both.mean(0), compute_uv=False)
    assert np.linalg.norm(found - both) == pytest.approx(np.sqrt((sizes[4:] ** 2).sum()))


def test_rows_of_one_table_alone_join_the_embeddings() -> None:
    """A first table of zeros, as in a model just transplanted, says nothing about the last."""
    rows, few = np.arange(12), np.arange(3, 9)
    values = np.random.default_rng(0).normal(size=(6, 8))
    tables = [KnownRows(rows, np.zeros((12, 8))), KnownRows(few, values)]
    embeddings, ((zero, none), (weight, bias)) = factored(tables, 12, 8)
    np.testing.assert_allclose(embeddings[few] @ weight.T + bias, values, atol=1e-9)
    assert not zero.any() and not none.any()


def test_a_guard_folder_comes_back(tiny_bundle: Path, tiny_guard: Path, tmp_path: Path) -> None:
    guard, before = thaw(tiny_bundle, tmp_path / "thawed"), GuardFolder.open(tiny_guard)
    about = guard.description
    assert about["version"] == "1.0.0"
    record = about["provenance"].pop("thawed")
    assert record["artifact"] == "onnx-fp32" and record["max_score_delta"] <= 1e-4
    for key in ("name", "license", "sources", "provenance"):
        assert about[key] == before.description[key]
    assert guard.input == before.input and guard.score == before.score
    assert json.loads(guard.tokenizer_json) == json.loads(before.tokenizer_json)
    old, new = TorchEngine.from_folder(tiny_guard), TorchEngine.from_folder(guard.folder)
    for text in ("apple", "quartz ribbon saddle " * 6):
        (window,) = guard.encoder().encode(text, None).windows
        assert error(new.logits(window), old.logits(window)) <= BOUNDS["fp32"]


@pytest.mark.slow
def test_rounded_weights_are_another_version_that_can_be_exported(tmp_path: Path) -> None:
    model = tiny_classifier("v3", initializer_range=0.1)
    folder = save_tiny_guard(tmp_path / "guard", model, version="2.0.0-rc1")
    bundle = export_bundle(folder, tmp_path / "bundle")
    guard = thaw(bundle, tmp_path / "thawed")
    assert guard.description["version"] == "2.0.0-rc1.thawed"
    again = export_bundle(guard.folder, tmp_path / "again", ("fp32", "int8"))
    scores = [Guard.load(path).check("apple bridge candle").score for path in (bundle, again)]
    assert abs(scores[0] - scores[1]) < 0.1


def test_a_taken_place_is_refused_and_nothing_else_is_left(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(GuardFolderError, match="exists"):
        thaw(tiny_bundle, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
def test_a_graph_of_another_exporter_is_refused(tmp_path: Path) -> None:
    folder = save_tiny_guard(tmp_path / "guard", tiny_classifier("bert"))
    bundle = export_bundle(folder, tmp_path / "bundle", ("fp32",))
    with pytest.raises(ThawError, match="only a DeBERTa"):
        thaw(bundle, tmp_path / "out")


def test_a_bundle_without_a_usable_artifact_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    artifacts = tuple(replace(a, precision="int4") for a in bundle.manifest.artifacts)
    turned = replace(bundle, manifest=replace(bundle.manifest, artifacts=artifacts))
    with pytest.raises(ThawError, match="model folder"):
        thaw(turned, tmp_path / "out")


def test_weights_that_do_not_answer_as_recorded_are_refused(tmp_path: Path) -> None:
    """Another model's artifact under this one's golden vectors."""
    paths = []
    for name, head in (("one", 0.0), ("two", 3.0)):
        model = tiny_classifier("mini")
        torch.nn.init.constant_(model.classifier.bias[1:], head)
        folder = save_tiny_guard(tmp_path / name, model)
        paths.append(export_bundle(folder, tmp_path / f"{name}-bundle", ("fp32",)))
    bundles = [Bundle.open(path) for path in paths]
    mixed = tmp_path / "mixed"
    shutil.copytree(paths[0], mixed)
    artifact = bundles[1].manifest.artifacts[0]
    shutil.copy(paths[1] / artifact.entry, mixed / artifact.entry)
    manifest = replace(bundles[0].manifest, artifacts=(artifact,))
    with pytest.raises(ThawError, match="golden vectors"):
        thaw(Bundle(mixed, manifest), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\x08\x0a"])
def test_no_onnx_model_is_refused(content: bytes) -> None:
    with pytest.raises(ThawError):
        thawed(content)


def test_labels_of_another_model_are_refused() -> None:
    content = onnx_bytes(read_weights(random_deberta(0, **MILD)), PRECISIONS["fp32"])
    with pytest.raises(ThawError, match="not of a form"):
        thawed(content, labels=3)


@pytest.mark.parametrize("kind", ["Gemm", "LayerNormalization", "Slice", "FusedMatMul", "Gelu"])
def test_a_graph_with_a_node_too_few_is_refused(kind: str) -> None:
    weights = read_weights(random_deberta(0, **MILD | TRANSPLANTED))
    model = onnx.load_from_string(onnx_bytes(weights, PRECISIONS["fp32"]))
    (choice,) = [node for node in model.graph.node if node.op_type == "If"]
    then = next(a.g for a in choice.attribute if a.name == "then_branch")
    del then.node[next(i for i, node in enumerate(then.node) if node.op_type == kind)]
    with pytest.raises(ThawError, match="not of a form"):
        thawed(model.SerializeToString())


def test_a_value_made_of_itself_is_refused() -> None:
    weights = read_weights(random_deberta(0, **MILD | TRANSPLANTED))
    model = onnx.load_from_string(onnx_bytes(weights, PRECISIONS["fp32"]))
    loop = next(node for node in model.graph.node if node.op_type == "Gather")
    loop.input[0] = loop.output[0]
    with pytest.raises(ThawError, match="not of a form"):
        thawed(model.SerializeToString())


def test_an_embedding_norm_that_was_folded_away_is_asked_for() -> None:
    weights = replace(read_weights(random_deberta(0, **DEBERTA_V3)), folded_norm=None)
    with pytest.raises(ThawError, match="export its model again"):
        thawed(onnx_bytes(weights, PRECISIONS["fp32"]))
