"""From a bundle back to a guard folder whose weights can be trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from guardlet.bundle import Artifact, Bundle, Manifest
from guardlet.encoder import Encoder
from guardlet.vectors import parse_vectors
from guardlet.verify import EngineReport, Tracker, artifact_tolerance, measure
from guardlet_export.errors import ThawError
from guardlet_export.guard_folder import GuardFolder, write_guard_folder
from guardlet_export.onnx_export import fp32_engine
from guardlet_export.thaw.classifier import classifier_of
from guardlet_export.thaw.weights import read_graph

_EXACT = "fp32"
# The least rounded first. Of linears in 4 bits too little is left.
_PRECISIONS = (_EXACT, "fp16", "int8", "int8-reduced-range", "int8-table4")


def thaw(
    bundle: str | Path | Bundle | None, out: Path, track: Tracker | None = None
) -> GuardFolder:
    """Writes a guard folder `out` of a bundle, by default the embedded one.

    The classifier computes what the artifact with the least rounded weights does: from fp32 the
    model's own function, from fp16 and int8 that of the rounded weights, but of activations that
    are not rounded. The latter get a version of their own, `1.0.0-thawed`. The golden vectors must
    come out as the artifact allows. Raises a BundleError: ThawError when no artifact is a DeBERTa
    of our own graph whose linears have 8 bits or more, GuardFolderError when `out` exists or cannot
    be written.
    """
    opened = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
    manifest = opened.manifest
    artifact = _chosen(manifest)
    (file,) = artifact.files
    model = rebuilt(opened.read(file), manifest.labels, manifest.input.pad)
    tokenizer_json = opened.read_text(manifest.tokenizer)
    report = _compared(opened, artifact, model, tokenizer_json, track)
    write_guard_folder(out, model, tokenizer_json, _description(manifest, artifact, report))
    return GuardFolder.open(out)


def rebuilt(content: bytes, labels: Sequence[str], pad: int) -> Any:
    """The Hugging Face classifier of a serialised ONNX model, as `classifier_of` makes it. Raises
    ThawError, whatever is wrong with the model."""
    try:
        return classifier_of(read_graph(content), labels, pad)
    except ThawError:
        raise
    except Exception as error:
        raise ThawError(
            f"the ONNX model is not of a form that can be thawed ({type(error).__name__}); get the "
            f"bundle again"
        ) from error


def _chosen(manifest: Manifest) -> Artifact:
    usable = {item.precision: item for item in manifest.artifacts if item.engine == "onnx"}
    for precision in _PRECISIONS:
        if precision in usable:
            return usable[precision]
    raise ThawError(
        f"{manifest.label} has no ONNX model in {', '.join(_PRECISIONS)}, so its weights cannot be "
        f"trained; give the model folder that it was exported from"
    )


def _compared(
    bundle: Bundle,
    artifact: Artifact,
    model: Any,
    tokenizer_json: str,
    track: Tracker | None,
) -> EngineReport:
    manifest = bundle.manifest
    vectors = parse_vectors(bundle.read_text(manifest.vectors))
    tracked = track(vectors, "thawing", len(vectors)) if track else vectors
    report = measure(
        artifact.id,
        tracked,
        Encoder(tokenizer_json, manifest.input),
        fp32_engine(model, manifest.input.max_tokens),
        manifest.score,
        artifact_tolerance(artifact),
    )
    if not report.passed:
        raise ThawError(
            f"{manifest.label}, thawed, differs from its golden vectors by up to "
            f"{report.max_score_delta:.4f}; give the model folder that it was exported from"
        )
    return report


def _description(manifest: Manifest, artifact: Artifact, report: EngineReport) -> dict[str, Any]:
    """guard.json."""
    record = {
        "from": manifest.label,
        "artifact": artifact.id,
        "max_score_delta": round(report.max_score_delta, 6),
        "mean_score_delta": round(report.mean_score_delta, 6),
    }
    return {
        "name": manifest.name,
        "version": _version(manifest.version, artifact.precision),
        "license": manifest.license,
        "description": manifest.description,
        "languages": manifest.languages,
        "sources": manifest.sources,
        "labels": manifest.labels,
        "input": asdict(manifest.input),
        "score": asdict(manifest.score),
        "provenance": {**manifest.provenance, "thawed": record},
    }


def _version(version: str, precision: str) -> str:
    """Other weights are another version, by the bundle format."""
    if precision == _EXACT:
        return version
    return f"{version}{'.' if '-' in version else '-'}thawed"
