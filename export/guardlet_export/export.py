"""From a model folder to a bundle, with every artifact measured against PyTorch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from guardlet.bundle import Artifact, BundleWriter, Manifest, write_bundle
from guardlet.errors import BundleError
from guardlet.vectors import Vector, dump_vectors
from guardlet.verify import Tracker, measure
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import TorchEngine
from guardlet_export.targets import TARGETS, Target
from guardlet_export.vectors import golden_cases, record_vectors


class ParityError(BundleError):
    """An artifact differs from the PyTorch reference by more than its tolerance."""


def export_bundle(
    model_folder: Path,
    target: Path,
    precisions: tuple[str, ...] = ("int8",),
    card: str | None = None,
    replace_existing: bool = False,
    track: Tracker | None = None,
) -> Path:
    """Writes the bundle `target`; leaves nothing behind when anything fails.

    `precisions` are names of TARGETS; `card` is the text of its README.md. Raises
    GuardFolderError, UnsupportedModelError, EngineError, BundleExistsError or ParityError.
    """
    guard = GuardFolder.open(model_folder)
    reference = TorchEngine.from_folder(model_folder)
    with write_bundle(target, replace=replace_existing) as writer:
        cases = golden_cases()
        tracked = track(cases, "golden vectors", len(cases)) if track else cases
        vectors = list(record_vectors(tracked, guard.encoder(), reference, guard.score))
        artifacts = tuple(
            _artifact(writer, TARGETS[precision], guard, reference.model, vectors)
            for precision in precisions
        )
        writer.finish(_manifest(writer, guard, artifacts, vectors, card))
    return target


def _artifact(
    writer: BundleWriter, target: Target, guard: GuardFolder, model: Any, vectors: list[Vector]
) -> Artifact:
    path = writer.folder / target.entry
    path.parent.mkdir(parents=True, exist_ok=True)
    target.emit(model, path, guard.input.max_tokens)
    engine, tolerance = target.open(path), target.tolerance
    report = measure(target.id, vectors, guard.encoder(), engine, guard.score, tolerance)
    if not report.passed:
        raise ParityError(
            f"{target.entry}: score differs by up to {report.max_score_delta:.4f} from PyTorch "
            f"(tolerance {tolerance}), {report.token_mismatches} encodings differ"
        )
    return Artifact(
        id=target.id,
        engine=target.engine,
        precision=target.precision,
        entry=target.entry,
        files=writer.entries(target.entry),
        max_length=guard.input.max_tokens,
        requires=target.requires,
        parity={
            "cases": report.cases,
            "max_score_delta": round(report.max_score_delta, 6),
            "mean_score_delta": round(report.mean_score_delta, 6),
            "verdict_flips": report.verdict_flips,
            "tolerance": tolerance,
            **target.notes,
        },
    )


def _manifest(
    writer: BundleWriter,
    guard: GuardFolder,
    artifacts: tuple[Artifact, ...],
    vectors: list[Vector],
    card: str | None,
) -> Manifest:
    about = guard.description
    return Manifest(
        name=about["name"],
        version=about["version"],
        license=about["license"],
        description=about["description"],
        languages=tuple(about.get("languages", ("en",))),
        sources=tuple(about["sources"]),
        labels=("safe", "harmful"),
        input=guard.input,
        score=guard.score,
        tokenizer=writer.add_text("tokenizer.json", guard.tokenizer_json),
        artifacts=artifacts,
        vectors=writer.add_text("vectors.jsonl", dump_vectors(vectors)),
        card=writer.add_text("README.md", card or f"# {about['name']}\n\n{about['description']}\n"),
        provenance=about["provenance"],
    )


def rewrite_card(bundle: Path, card: str) -> None:
    """Replaces a bundle's README.md, and its entry in the manifest."""
    from guardlet.bundle import MANIFEST_FILE, Bundle
    from guardlet.bundle.manifest import dump_manifest

    opened = Bundle.open(bundle)
    writer = BundleWriter(opened.folder)
    entry = writer.add_text(opened.manifest.card.path, card)
    text = dump_manifest(replace(opened.manifest, card=entry))
    partial = opened.folder / (MANIFEST_FILE + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(opened.folder / MANIFEST_FILE)
