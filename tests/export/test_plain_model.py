"""Plain Hugging Face classifiers as bundles, and every way in which one cannot be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli_runner import guardlet
from tiny_models import save_plain_model, save_tiny_bert, tiny_tokenizer

from guardlet import Bundle, Guard
from guardlet.errors import GuardletError
from guardlet.vectors import parse_vectors
from guardlet_export.classifier import load_classifier
from guardlet_export.errors import ModelError, UnsupportedModelError
from guardlet_export.export import export_bundle
from guardlet_export.guard_folder import GuardFolderError
from guardlet_export.plain_model import About, describe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DeBERTa-v3 with two labels; tests must not alter it."""
    return save_plain_model(tmp_path_factory.mktemp("models") / "Tiny Guard_2")


@pytest.fixture
def plain(saved: Path, tmp_path: Path) -> Path:
    """A private copy."""
    return Path(shutil.copytree(saved, tmp_path / "plain"))


def configure(folder: Path, **changes: Any) -> None:
    tree = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(tree | changes), encoding="utf-8")


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """What HF_HUB_OFFLINE=1 sets when it is there at the start: no attempt, no waiting."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("transformers.utils.hub._is_offline_mode", True)


def refusal(model: str | Path, target: Path, about: About, kind: type[GuardletError]) -> str:
    """The one line with which an export is refused; it leaves nothing behind."""
    before = sorted(target.parent.rglob("*"))
    with pytest.raises(kind) as caught:
        export_bundle(model, target, ("fp32",), about=about)
    assert sorted(target.parent.rglob("*")) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults(saved: Path) -> None:
    guard = describe(str(saved), load_classifier(str(saved)), About())
    about = guard.description
    assert (about["name"], about["version"], about["license"]) == (
        "tiny-guard_2",
        "1.0.0",
        "NOASSERTION",
    )
    assert about["sources"] == [{"name": "Tiny Guard_2", "license": "NOASSERTION"}]
    assert (guard.input.max_tokens, guard.input.stride, guard.input.prompt_budget) == (96, 24, 36)
    assert (guard.input.start, guard.input.end, guard.input.response_type) == ((2,), (3,), 0)
    assert {p.rule for p in guard.score.operating_points.values()} == {"not calibrated"}


def test_the_command(saved: Path, tmp_path: Path) -> None:
    options = "--name mine --version 2.1.0 --license MIT --language de --harmful-index 0"
    lengths = "--max-tokens 40 --stride 6 --max-windows 3 --prompt-budget 8 --max-chars 4000"
    words = f"{options} {lengths}".split()
    guardlet("export", saved, tmp_path / "out", "--precision", "fp32", *words)
    manifest = Bundle.open(tmp_path / "out").manifest
    assert (manifest.label, manifest.license, manifest.languages) == ("mine@2.1.0", "MIT", ("de",))
    assert manifest.labels == ("LABEL_0", "LABEL_1") and manifest.score.harmful_index == 0
    rules = manifest.input
    assert (rules.max_tokens, rules.stride, rules.max_windows) == (40, 6, 3)
    assert (rules.prompt_budget, rules.max_chars) == (8, 4000)
    assert Guard.load(tmp_path / "out").check("apple").bundle == "mine@2.1.0"


def test_three_labels(tmp_path: Path) -> None:
    names = {0: "safe", 1: "unsure", 2: "unsafe"}
    model = save_plain_model(tmp_path / "model", num_labels=3, id2label=names)
    about = About(harmful_index=2, max_tokens=40)
    bundle = Bundle.open(export_bundle(model, tmp_path / "out", ("fp32",), about=about))
    assert bundle.manifest.labels == tuple(names.values())
    vectors = parse_vectors(bundle.read_text(bundle.manifest.vectors))
    assert {len(row) for vector in vectors for row in vector.logits} == {3}
    assert 0 < Guard.load(bundle).check("apple").score < 1


@pytest.mark.parametrize("index", [-1, 2])
def test_a_harmful_index_that_is_no_label(saved: Path, tmp_path: Path, index: int) -> None:
    said = refusal(saved, tmp_path / "out", About(harmful_index=index), ModelError)
    assert said == f"harmful index {index} is none of the labels 0 (LABEL_0), 1 (LABEL_1)"


@pytest.mark.parametrize("labels", [1, 17])
def test_a_label_count_no_manifest_can_carry(tmp_path: Path, labels: int) -> None:
    model = save_plain_model(tmp_path / "model", num_labels=labels)
    assert f"has {labels} labels" in refusal(model, tmp_path / "out", About(), ModelError)


def test_labels_that_do_not_exclude_each_other(plain: Path, tmp_path: Path) -> None:
    configure(plain, problem_type="multi_label_classification")
    assert "exclude" in refusal(plain, tmp_path / "out", About(), UnsupportedModelError)


@pytest.mark.parametrize("changes", [{"model_type": "vit"}, {"model_type": "unheard-of"}])
def test_an_architecture_without_a_classifier(
    plain: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    configure(plain, **changes)
    refusal(plain, tmp_path / "out", About(), UnsupportedModelError)


def test_an_encoder_without_a_trained_head(tmp_path: Path) -> None:
    bert = save_tiny_bert(tmp_path / "bert")
    said = refusal(bert, tmp_path / "out", About(), ModelError)
    assert "no trained classifier" in said and "classifier.bias" in said


def test_weights_of_another_shape(plain: Path, tmp_path: Path) -> None:
    configure(plain, hidden_size=64, pooler_hidden_size=64)
    assert "fit config.json" in refusal(plain, tmp_path / "out", About(), ModelError)


@pytest.mark.parametrize("content", [None, b"\x10" * 100, b""], ids=["none", "broken", "empty"])
def test_unreadable_weights(plain: Path, tmp_path: Path, content: bytes | None) -> None:
    (plain / "model.safetensors").unlink()
    if content is not None:
        (plain / "model.safetensors").write_bytes(content)
    assert "cannot read the weights" in refusal(plain, tmp_path / "out", About(), ModelError)


def test_a_model_with_code_of_its_own_is_not_run(plain: Path, tmp_path: Path) -> None:
    (plain / "evil.py").write_text("raise SystemExit('ran')\n", encoding="utf-8")
    classes = {"AutoConfig": "evil.Config", "AutoModelForSequenceClassification": "evil.Model"}
    configure(plain, model_type="evil", auto_map=classes)
    refusal(plain, tmp_path / "out", About(), UnsupportedModelError)


def test_no_tokenizer(plain: Path, tmp_path: Path) -> None:
    (plain / "tokenizer.json").unlink()
    assert "tokenizer" in refusal(plain, tmp_path / "out", About(), ModelError)


def test_a_tokenizer_of_another_model(plain: Path, tmp_path: Path) -> None:
    larger = tiny_tokenizer()
    larger.add_tokens(["another"])
    larger.save(str(plain / "tokenizer.json"))
    assert "belong together" in refusal(plain, tmp_path / "out", About(), ModelError)


def test_lengths_that_do_not_fit(saved: Path, tmp_path: Path) -> None:
    about = About(max_tokens=40, stride=39)
    assert "input: stride 39" in refusal(saved, tmp_path / "out", about, ModelError)


@pytest.mark.parametrize(("family", "positions"), [("bert", 96), ("roberta", 94)])
def test_windows_end_where_the_positions_do(tmp_path: Path, family: str, positions: int) -> None:
    model = str(save_plain_model(tmp_path / "model", family))
    loaded = load_classifier(model)
    assert describe(model, loaded, About()).input.max_tokens == positions
    with pytest.raises(ModelError, match=f"the {positions} positions"):
        describe(model, loaded, About(max_tokens=positions + 1))


@pytest.mark.parametrize(("family", "separators"), [("bert", 1), ("roberta", 2)])
def test_other_encoders(tmp_path: Path, family: str, separators: int) -> None:
    """The golden vectors hold windows as long as the positions allow."""
    model = save_plain_model(tmp_path / "model", family)
    bundle = Bundle.open(export_bundle(model, tmp_path / "out", ("fp32", "int8")))
    assert [item.entry for item in bundle.manifest.artifacts] == [
        "onnx/model.onnx",
        "onnx/model_quantized.onnx",
    ]
    exact, quantised = (item.parity["max_score_delta"] for item in bundle.manifest.artifacts)
    assert exact <= 1e-5 < quantised <= 0.1
    vectors = parse_vectors(bundle.read_text(bundle.manifest.vectors))
    rules = bundle.manifest.input
    longest = max(len(window["ids"]) for vector in vectors for window in vector.windows)
    assert longest == rules.max_tokens and len(rules.middle) == separators


def test_what_is_neither_folder_nor_id(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert "neither a folder" in refusal(gone, tmp_path / "out", About(), ModelError)


def test_a_hub_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_offline(monkeypatch)
    said = refusal("nobody/no-such-guard", tmp_path / "out", About(), ModelError)
    assert "nobody/no-such-guard" in said and "network" in said


def test_a_hub_id_in_the_local_cache_is_exported(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The layout of huggingface_hub's cache is what a download leaves."""
    revision = "0123456789" * 4
    cache = tmp_path / "cache/models--nobody--Tiny-Guard"
    shutil.copytree(saved, cache / "snapshots" / revision)
    (cache / "refs").mkdir()
    (cache / "refs/main").write_text(revision, encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for name in (
        "huggingface_hub.constants.HF_HUB_CACHE",
        "transformers.utils.hub.TRANSFORMERS_CACHE",
    ):
        monkeypatch.setattr(name, str(tmp_path / "cache"))
    about = About(max_tokens=40)
    export_bundle("nobody/Tiny-Guard", tmp_path / "out", ("fp32",), about=about)
    manifest = Bundle.open(tmp_path / "out").manifest
    assert manifest.label == "tiny-guard@1.0.0"
    assert manifest.provenance == {"model": "nobody/Tiny-Guard", "revision": revision}


def test_a_guard_that_says_what_it_is_takes_no_options(tiny_guard: Path, tmp_path: Path) -> None:
    about = About(name="other", max_tokens=40)
    said = refusal(tiny_guard, tmp_path / "out", about, GuardFolderError)
    assert "leave out name, max_tokens" in said


def test_a_guard_with_labels_it_does_not_name(tiny_guard: Path, tmp_path: Path) -> None:
    model = save_plain_model(tmp_path / "model", num_labels=3)
    shutil.copy(tiny_guard / "guard.json", model)
    assert "3 labels" in refusal(model, tmp_path / "out", About(), GuardFolderError)
