"""From a model folder to a bundle, with every artifact measured against PyTorch."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from torch import Tensor

from guardlet.bundle import Artifact, Bundle, BundleWriter, Manifest, write_bundle
from guardlet.engines import Engine
from guardlet.vectors import Vector, dump_vectors
from guardlet.verify import EngineReport, Tracker, measure
from guardlet_export.classifier import load_classifier
from guardlet_export.errors import ParityError
from guardlet_export.gate import DEFAULT_LIMITS, Gate, GateLimits, for_manifest
from guardlet_export.guard_folder import GUARD_FILE, GuardFolder, GuardFolderError
from guardlet_export.onnx_export import Source, fast_reference
from guardlet_export.plain_model import NOTHING, About, describe
from guardlet_export.reference import TorchEngine
from guardlet_export.smoothing import largest_inputs
from guardlet_export.targets import TARGETS, Target
from guardlet_export.vectors import golden_cases, record_vectors
from guardlet_export.vocabulary import Keep, trim_vocabulary


def export_bundle(
    model: str | Path,
    target: Path,
    precisions: tuple[str, ...] = ("int8",),
    card: str | None = None,
    replace_existing: bool = False,
    track: Tracker | None = None,
    about: About = NOTHING,
    gate: Sequence[Path] = (),
    limits: GateLimits = DEFAULT_LIMITS,
    keep_vocab: Keep | None = None,
) -> Path:
    """Writes the bundle `target`; leaves nothing behind when anything fails.

    `model` is a folder that `guardlet train` wrote, or a plain Hugging Face classifier, which
    `about` describes: a folder or a hub id. `precisions` are names of TARGETS; `card` is the text
    of its README.md; `gate` are files of labelled rows on which no artifact may be worse than
    PyTorch by more than `limits`; `keep_vocab` drops embedding rows, see docs/export.md.
    Raises GuardFolderError, ModelError, EngineError, VocabularyError,
    DataError, BundleExistsError, BundleWriteError or ParityError.
    """
    guard, reference = _open(str(model), about)
    with write_bundle(target, replace=replace_existing) as writer:
        if keep_vocab is not None:
            guard = trim_vocabulary(guard, reference, keep_vocab, track)
        cases = golden_cases()
        tracked = track(cases, "golden vectors", len(cases)) if track else cases
        with largest_inputs(reference.model) as largest:
            vectors = list(record_vectors(tracked, guard.encoder(), reference, guard.score))
        source = _source(guard, reference, vectors, largest, gate, limits, track)
        artifacts = tuple(
            _artifact(writer, TARGETS[precision], guard, source) for precision in precisions
        )
        writer.finish(_manifest(writer, guard, artifacts, vectors, card))
    return target


def _open(model: str, about: About) -> tuple[GuardFolder, TorchEngine]:
    if not (Path(model) / GUARD_FILE).exists():
        reference = TorchEngine(load_classifier(model))
        return describe(model, reference.model, about), reference
    if about.given:
        raise GuardFolderError(
            f"{GUARD_FILE} of {model} already says what it is; leave out {', '.join(about.given)}"
        )
    guard, reference = GuardFolder.open(Path(model)), TorchEngine.from_folder(Path(model))
    labels = reference.model.config.num_labels
    if labels != len(guard.labels):
        raise GuardFolderError(f"{model} has {labels} labels; its {GUARD_FILE} {len(guard.labels)}")
    return guard, reference


def _source(
    guard: GuardFolder,
    reference: TorchEngine,
    vectors: list[Vector],
    largest: Mapping[str, Tensor],
    gate_files: Sequence[Path],
    limits: GateLimits,
    track: Tracker | None,
) -> Source:
    encoder, rules, longest = guard.encoder(), guard.score, guard.input.max_tokens

    def compare(engine: Engine, tolerance: float) -> EngineReport:
        return measure("", vectors, encoder, engine, rules, tolerance)

    golden = [
        pair
        for vector in vectors
        for pair in zip(
            encoder.encode(vector.prompt, vector.response).windows, vector.logits, strict=True
        )
    ]
    gate = None
    if gate_files:
        scorer = fast_reference(reference, longest, compare)
        gate = Gate(gate_files, limits, encoder, scorer, rules, track)
    return Source(reference, longest, largest, golden, compare, gate)


def _artifact(writer: BundleWriter, target: Target, guard: GuardFolder, source: Source) -> Artifact:
    path = writer.folder / target.entry
    path.parent.mkdir(parents=True, exist_ok=True)
    notes = target.emit(source, path)
    engine = target.open(path)
    report = source.measure(engine, target.tolerance)
    if not report.passed:
        raise ParityError(
            f"{target.entry}: score differs by up to {report.max_score_delta:.4f} from PyTorch "
            f"(tolerance {target.tolerance}), {report.token_mismatches} encodings differ"
        )
    gated = source.gate.reports(engine) if source.gate else {}
    if source.gate and (objection := source.gate.objection(gated)):
        raise ParityError(f"{target.entry}: {objection}")
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
            "tolerance": target.tolerance,
            **notes,
            **({"gate": for_manifest(gated)} if gated else {}),
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
        labels=guard.labels,
        input=guard.input,
        score=guard.score,
        tokenizer=writer.add_text("tokenizer.json", guard.tokenizer_json),
        artifacts=artifacts,
        vectors=writer.add_text("vectors.jsonl", dump_vectors(vectors)),
        card=writer.add_text("README.md", card or f"# {about['name']}\n\n{about['description']}\n"),
        provenance=about["provenance"],
    )


def rewrite_card(bundle: Path, card: str) -> None:
    """Replaces a bundle by its copy with another README.md. Raises a BundleError."""
    opened = Bundle.open(bundle)
    old = opened.manifest.card
    with write_bundle(opened.folder, replace=True) as writer:
        for entry in opened.manifest.files:
            if entry != old:
                writer.add(entry.path, partial(shutil.copyfile, opened.check(entry)))
        writer.finish(replace(opened.manifest, card=writer.add_text(old.path, card)))
