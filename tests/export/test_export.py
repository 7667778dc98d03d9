"""Writing bundles: what is in them, and that a failure leaves nothing behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_runner import guardlet, invoke
from folders import contents
from tiny_models import RULES, save_tiny_guard, tiny_classifier

from guardlet import Bundle, Guard
from guardlet.errors import BundleError, BundleExistsError
from guardlet.vectors import parse_vectors
from guardlet.verify import Tracker, verify_bundle
from guardlet_export.errors import ModelError, ParityError
from guardlet_export.export import export_bundle, rewrite_card

pytestmark = pytest.mark.slow
PARITY = {"cases", "max_score_delta", "mean_score_delta", "verdict_flips", "tolerance"}


@pytest.fixture(scope="module")
def sharp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guard so sharp that few bits cannot hold what it computes."""
    model = tiny_classifier("mini", hidden_size=64, initializer_range=0.5)
    return save_tiny_guard(tmp_path_factory.mktemp("sharp"), model)


@pytest.fixture
def bundle(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A private copy."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def stops_with(error: BaseException, after: int = 5) -> Tracker:
    """A progress bar during which the export is ended."""

    def track(items: Iterable[Any], description: str, total: int) -> Iterator[Any]:
        for number, item in enumerate(items):
            if number == after:
                raise error
            yield item

    return track


def test_a_bundle_holds_exactly_what_its_manifest_lists(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    manifest = bundle.manifest
    assert contents(tiny_bundle).keys() == {
        "guardlet.json",
        *(file.path for file in manifest.files),
    }
    for file in manifest.files:
        bundle.check(file)
    assert manifest.label == "tiny@1.0.0"
    assert manifest.input == RULES
    assert (manifest.labels, manifest.score.harmful_index) == (("safe", "harmful"), 1)
    assert manifest.languages == ("en",)
    assert manifest.sources == ({"name": "nothing", "license": "CC0-1.0"},)
    assert [item.id for item in manifest.artifacts] == ["onnx-int8", "onnx-fp32"]
    assert all(item.max_length >= RULES.max_tokens for item in manifest.artifacts)
    assert bundle.read(manifest.card).decode() == "# tiny\n\nA tiny guard.\n"


def test_parity_is_recorded_and_can_be_verified(tiny_bundle: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    cases = len(parse_vectors(bundle.read(bundle.manifest.vectors).decode()))
    assert cases >= 200
    reports = verify_bundle(bundle)
    for artifact, report in zip(bundle.manifest.artifacts, reports, strict=True):
        assert artifact.parity.keys() >= PARITY
        assert report.passed and report.cases == artifact.parity["cases"] == cases
        assert report.max_score_delta == pytest.approx(artifact.parity["max_score_delta"], abs=1e-3)
        assert artifact.parity["mean_score_delta"] <= artifact.parity["max_score_delta"]
    deltas = [item.parity["max_score_delta"] for item in bundle.manifest.artifacts]
    assert deltas[1] <= 1e-5 < deltas[0] <= 0.1


def test_the_exported_guard_answers(tiny_bundle: Path) -> None:
    verdict = Guard.load(tiny_bundle, engine="onnx-fp32").check("apple", "bridge candle")
    assert (verdict.judged, verdict.bundle, verdict.engine) == (
        "response",
        "tiny@1.0.0",
        "onnx-fp32",
    )


def test_an_artifact_beyond_its_tolerance_is_an_error(sharp: Path, tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with pytest.raises(ParityError, match=r"model_q4\.onnx.*tolerance 0\.1"):
        export_bundle(sharp, target, ("int4",))
    assert list(tmp_path.iterdir()) == []


def test_int8_keeps_in_float32_what_the_tolerance_asks_for(sharp: Path, tmp_path: Path) -> None:
    bundle = Bundle.open(export_bundle(sharp, tmp_path / "bundle", ("int8",)))
    parity = bundle.manifest.artifacts[0].parity
    assert parity["kept_in_float32"]
    assert parity["max_score_delta"] <= parity["tolerance"] == 0.1


def test_a_failed_replacement_leaves_the_old_bundle(sharp: Path, bundle: Path) -> None:
    before = contents(bundle)
    with pytest.raises(ParityError):
        export_bundle(sharp, bundle, ("int4",), replace_existing=True)
    assert contents(bundle) == before
    assert list(bundle.parent.iterdir()) == [bundle]


@pytest.mark.parametrize("error", [RuntimeError("disk full"), KeyboardInterrupt(), SystemExit(1)])
def test_an_export_that_is_stopped_leaves_nothing(
    tiny_guard: Path, tmp_path: Path, error: BaseException
) -> None:
    before = contents(tiny_guard)
    with pytest.raises(type(error)):
        export_bundle(tiny_guard, tmp_path / "bundle", track=stops_with(error))
    assert list(tmp_path.iterdir()) == []
    assert contents(tiny_guard) == before


def test_an_existing_target_is_refused(tiny_guard: Path, bundle: Path) -> None:
    before = contents(bundle)
    with pytest.raises(BundleExistsError):
        export_bundle(tiny_guard, bundle)
    assert contents(bundle) == before


def test_only_a_bundle_is_ever_replaced(tiny_guard: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/holiday.jpg").write_bytes(b"sun")
    (tmp_path / "file").write_text("text", encoding="utf-8")
    for name in ("photos", "file"):
        with pytest.raises(BundleExistsError):
            export_bundle(tiny_guard, tmp_path / name, replace_existing=True)
    assert contents(tmp_path) == {"photos/holiday.jpg": b"sun", "file": b"text"}


def test_a_bundle_is_replaced_whole(tiny_guard: Path, bundle: Path) -> None:
    (bundle / "left-over").write_text("x", encoding="utf-8")
    export_bundle(tiny_guard, bundle, ("fp32",), "# New card\n", replace_existing=True)
    manifest = Bundle.open(bundle).manifest
    assert contents(bundle).keys() == {"guardlet.json", *(file.path for file in manifest.files)}
    assert [item.id for item in manifest.artifacts] == ["onnx-fp32"]
    assert contents(bundle)["README.md"] == b"# New card\n"
    assert list(bundle.parent.iterdir()) == [bundle]


def test_exporting_twice_gives_the_same_bytes(tiny_guard: Path, tiny_bundle: Path) -> None:
    again = tiny_bundle.with_name("again")
    export_bundle(tiny_guard, again, ("int8", "fp32"))
    assert contents(again) == contents(tiny_bundle)


def test_what_is_no_model_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"no config\.json"):
        export_bundle(tmp_path / "empty", tmp_path / "bundle")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_broken_model_is_a_model_error(tiny_guard: Path, tmp_path: Path, name: str) -> None:
    guard = Path(shutil.copytree(tiny_guard, tmp_path / "guard"))
    (guard / name).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="guard"):
        export_bundle(guard, tmp_path / "bundle")
    assert [path.name for path in tmp_path.iterdir()] == ["guard"]


def test_a_description_no_manifest_can_carry_leaves_nothing(
    tiny_guard: Path, tmp_path: Path
) -> None:
    guard = Path(shutil.copytree(tiny_guard, tmp_path / "guard"))
    tree = json.loads((guard / "guard.json").read_text(encoding="utf-8"))
    (guard / "guard.json").write_text(json.dumps(tree | {"version": "one"}), encoding="utf-8")
    with pytest.raises(BundleError, match="version"):
        export_bundle(guard, tmp_path / "bundle", ("fp32",))
    assert [path.name for path in tmp_path.iterdir()] == ["guard"]


def test_a_card_is_swapped_and_nothing_else(bundle: Path) -> None:
    before = contents(bundle)
    rewrite_card(bundle, "# Für alle\n")
    after = contents(bundle)
    assert {name for name in after if after[name] != before.get(name)} == {
        "README.md",
        "guardlet.json",
    }
    opened = Bundle.open(bundle)
    assert opened.read(opened.manifest.card).decode() == "# Für alle\n"
    assert all(report.passed for report in verify_bundle(opened))


def test_the_command(tiny_guard: Path, tmp_path: Path) -> None:
    card, target = tmp_path / "card.md", tmp_path / "new/folders/bundle"
    card.write_text("# Card\n", encoding="utf-8")
    options = ("--precision", "fp32", "--precision", "int8", "--card", card)
    assert str(target) in guardlet("export", tiny_guard, target, *options)
    assert [item.precision for item in Bundle.open(target).manifest.artifacts] == ["fp32", "int8"]
    with pytest.raises(BundleExistsError):
        guardlet("export", tiny_guard, target)
    guardlet("export", tiny_guard, target, "--replace")
    assert [item.precision for item in Bundle.open(target).manifest.artifacts] == ["int8"]


@pytest.mark.parametrize("options", [["--precision", "int3"], ["--card", "gone.md"]])
def test_usage_errors(tiny_guard: Path, tmp_path: Path, options: list[str]) -> None:
    result = invoke("export", tiny_guard, tmp_path / "bundle", *options)
    assert result.exit_code == 2
    assert options[0].lstrip("-") in result.output
    assert list(tmp_path.iterdir()) == []
