"""A Core ML artifact in a bundle: written, described, and proven by `guardlet verify`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from cli_runner import guardlet
from tiny_models import RULES, save_tiny_guard, tiny_classifier

pytest.importorskip("coremltools", reason="Core ML export needs coremltools")

from guardlet import Bundle
from guardlet.engines import EVALUATORS
from guardlet.errors import IntegrityError
from guardlet.verify import verify_bundle
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.export import export_bundle

pytestmark = pytest.mark.slow
EVALUATOR = "Core ML" if sys.platform == "darwin" else "NumPy"


@pytest.fixture(scope="module")
def exported(tiny_guard: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny guard as one int8 package; RULES.max_tokens is below the short length."""
    folder = tmp_path_factory.mktemp("bundles") / "coreml"
    return export_bundle(tiny_guard, folder, ("coreml-int8",))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry point of this distribution, whatever the version that is installed."""
    info = tmp_path / "guardlet_here-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guardlet-here\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{EVALUATORS}]\ncoreml = guardlet_export.coreml.engine:open_artifact\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_the_manifest_describes_the_artifact(exported: Path) -> None:
    (artifact,) = Bundle.open(exported).manifest.artifacts
    assert (artifact.id, artifact.engine, artifact.precision) == ("coreml-int8", "coreml", "int8")
    assert (artifact.entry, artifact.max_length) == ("coreml/int8", RULES.max_tokens)
    assert artifact.requires == {"ios": "16"}
    package = f"coreml/int8/length_{RULES.max_tokens}.mlpackage"
    assert [file.path for file in artifact.files] == [
        f"{package}/Data/com.apple.CoreML/model.mlmodel",
        f"{package}/Data/com.apple.CoreML/weights/weight.bin",
        f"{package}/Manifest.json",
    ]
    assert 0 < artifact.parity["max_score_delta"] <= 0.1
    assert artifact.parity["cases"] >= 200


def test_verify_scores_it(exported: Path, installed: None) -> None:
    (report,) = verify_bundle(Bundle.open(exported))
    (artifact,) = Bundle.open(exported).manifest.artifacts
    assert report.passed and not report.skipped
    assert report.evaluator == EVALUATOR
    assert report.max_score_delta == pytest.approx(artifact.parity["max_score_delta"], abs=1e-3)
    assert f"by {EVALUATOR}" in " ".join(guardlet("verify", exported).split())


def test_an_altered_weight_is_found_before_anything_is_evaluated(
    exported: Path, installed: None, tmp_path: Path
) -> None:
    broken = Path(shutil.copytree(exported, tmp_path / "broken"))
    (weights,) = broken.rglob("weight.bin")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(IntegrityError):
        verify_bundle(Bundle.open(broken))


def test_other_architectures_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    guard = save_tiny_guard(tmp_path / "guard", tiny_classifier("bert"))
    with pytest.raises(UnsupportedModelError, match="bert"):
        export_bundle(guard, tmp_path / "bundle", ("coreml-fp16",))
    assert [path.name for path in tmp_path.iterdir()] == ["guard"]
