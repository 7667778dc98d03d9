"""Verification: what passes, what fails, and how a difference is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from runtime_helpers import RULES, SCORE, edit_manifest, onnx_model, tiny_vectors, write_tiny

from guardlet import Bundle, Encoder
from guardlet.engines.onnx import OnnxEngine
from guardlet.errors import EmptyInputError, IntegrityError, ManifestError
from guardlet.vectors import Vector
from guardlet.verify import DEFAULT_TOLERANCE, EngineReport, measure, verify_bundle


def verified(folder: Path) -> EngineReport:
    (report,) = verify_bundle(Bundle.open(folder))
    return report


def measured(vectors: list[Vector], encoder: Encoder, **more: Any) -> EngineReport:
    return measure("tiny", vectors, encoder, OnnxEngine(onnx_model(), 1), SCORE, **more)


def shifted_model(by: float) -> bytes:
    """The tiny model with "bomb" and "kill" weighing more or less."""
    model = onnx.load_from_string(onnx_model())
    tensor = next(item for item in model.graph.initializer if item.name == "matrix")
    values = numpy_helper.to_array(tensor).copy()
    values[0] *= by
    tensor.CopyFrom(numpy_helper.from_array(values, "matrix"))
    return bytes(model.SerializeToString())


def test_an_intact_bundle_passes_with_identical_tokens(proven_folder: Path) -> None:
    report = verified(proven_folder)
    assert report.passed
    assert (report.artifact, report.cases) == ("onnx-fp32", len(tiny_vectors()))
    assert (report.token_mismatches, report.verdict_flips) == (0, 0)
    assert report.max_score_delta <= 1e-6
    assert report.mean_score_delta <= report.max_score_delta


def test_the_vectors_cover_both_verdicts_windows_and_truncation() -> None:
    vectors = tiny_vectors()
    assert {v.verdicts["balanced"] for v in vectors} >= {"harmful", "safe"}
    assert {v.judged for v in vectors} == {"prompt", "response"}
    assert {v.truncated for v in vectors} == {False, True}
    assert max(len(v.windows) for v in vectors) == RULES.max_windows


def test_another_model_fails_and_its_flips_are_counted(tmp_path: Path) -> None:
    write_tiny(tmp_path / "b", model=shifted_model(-1), vectors=tiny_vectors())
    report = verified(tmp_path / "b")
    assert not report.passed
    assert report.token_mismatches == 0
    assert report.max_score_delta > 0.5
    assert report.verdict_flips >= 2


def test_another_tokenizer_or_rule_fails_by_its_tokens(tmp_path: Path) -> None:
    write_tiny(tmp_path / "b", vectors=tiny_vectors(), input=replace(RULES, stride=4))
    report = verified(tmp_path / "b")
    assert report.token_mismatches == 2
    assert not report.passed


def test_a_bundle_without_vectors_proves_nothing(bundle_folder: Path) -> None:
    report = verified(bundle_folder)
    assert report.cases == 0
    assert not report.passed


@pytest.mark.parametrize(("delta", "passes"), [(0.04, True), (0.06, False)])
def test_the_tolerance_is_the_artifacts_own(tmp_path: Path, delta: float, passes: bool) -> None:
    vectors = tiny_vectors()
    moved = [replace(vectors[0], score=vectors[0].score + delta), *vectors[1:]]
    write_tiny(tmp_path / "b", vectors=moved)
    edit_manifest(
        tmp_path / "b", lambda tree: tree["artifacts"][0]["parity"].update(tolerance=0.05)
    )
    report = verified(tmp_path / "b")
    assert report.tolerance == pytest.approx(0.051)
    assert report.max_score_delta == pytest.approx(delta, abs=1e-6)
    assert report.mean_score_delta == pytest.approx(delta / len(vectors), abs=1e-6)
    assert report.passed == passes


def test_without_a_recorded_tolerance_the_default_holds(encoder: Encoder) -> None:
    report = measured(tiny_vectors(), encoder)
    assert report.tolerance == DEFAULT_TOLERANCE
    assert report.passed


def test_a_flip_is_counted_at_balanced_and_only_across_harmful(encoder: Encoder) -> None:
    vectors = tiny_vectors()
    harmful = [v.verdicts["balanced"] == "harmful" for v in vectors]
    to_safe = [replace(v, verdicts={"balanced": "safe"}) for v in vectors]
    assert measured(to_safe, encoder).verdict_flips == sum(harmful)
    unsure = [replace(v, verdicts={"balanced": "controversial"}) for v in vectors]
    assert measured(unsure, encoder).verdict_flips == sum(harmful)
    to_harmful = [replace(v, verdicts={"balanced": "harmful"}) for v in vectors]
    assert measured(to_harmful, encoder).verdict_flips == len(vectors) - sum(harmful)


def test_scores_are_computed_window_by_window_and_the_worst_counts(encoder: Encoder) -> None:
    for vector in tiny_vectors():
        logits = [np.array(item, dtype=np.float32) for item in vector.logits]
        scores = [SCORE.score(window, vector.judged) for window in logits]
        assert vector.score == max(scores)
        assert measured([vector], encoder).max_score_delta <= 1e-6


def test_an_artifact_of_another_platform_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guardlet.verify.open_evaluator", lambda *_: None)  # guardlet alone
    write_tiny(tmp_path / "b", vectors=tiny_vectors())

    def change(tree: dict) -> None:
        first = tree["artifacts"][0]
        other = {"id": "core", "engine": "coreml", "entry": "c"}
        tree["artifacts"].append(first | other | {"files": [first["files"][0] | {"path": "c"}]})

    edit_manifest(tmp_path / "b", change)
    one, two = verify_bundle(Bundle.open(tmp_path / "b"))
    assert one.passed and not one.skipped
    assert two.skipped == "coreml not installed"
    assert two.passed and two.cases == 0


def test_altered_vectors_are_refused(proven_folder: Path, broken: Path) -> None:
    write_tiny(broken, swap=True, vectors=tiny_vectors())
    path = broken / "vectors.jsonl"
    path.write_text(path.read_text().replace("tiny-0", "tiny-9"))
    with pytest.raises(IntegrityError, match=r"vectors\.jsonl was altered"):
        verified(broken)


def test_an_altered_model_is_refused_before_it_is_run(broken: Path) -> None:
    path = broken / "onnx" / "model.onnx"
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(IntegrityError):
        verified(broken)


def test_malformed_vectors_and_tokenizers_are_refused(tmp_path: Path, bundle_folder: Path) -> None:
    write_tiny(tmp_path / "b", tokenizer="{}", vectors=tiny_vectors())
    with pytest.raises(ManifestError, match="tokenizer"):
        verified(tmp_path / "b")
    empty = replace(tiny_vectors()[0], prompt=" ")
    write_tiny(tmp_path / "c", vectors=[empty])
    with pytest.raises(EmptyInputError):
        verified(tmp_path / "c")


def test_progress_is_told_the_artifact_and_the_number_of_cases(proven_folder: Path) -> None:
    seen: list[tuple[str, int]] = []

    def track(items: Iterable[Any], description: str, total: int) -> Iterable[Any]:
        seen.append((description, total))
        return items

    (report,) = verify_bundle(Bundle.open(proven_folder), track)
    assert report.passed
    assert seen == [("onnx-fp32", len(tiny_vectors()))]
