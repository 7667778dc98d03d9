"""Proof that a bundle still answers what it answered when it was made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from guardlet.bundle import DEFAULT_OPERATING_POINT, Artifact, Bundle
from guardlet.encoder import Encoder
from guardlet.engines import Engine, can_run, open_engine, open_evaluator
from guardlet.scoring import ScoreRules
from guardlet.vectors import Vector, encoding_matches, parse_vectors

T = TypeVar("T")
DEFAULT_TOLERANCE = 0.1
_ROUNDING = 1e-3


class Tracker(Protocol):
    def __call__(self, items: Iterable[T], description: str, total: int) -> Iterable[T]: ...


@dataclass(frozen=True)
class EngineReport:
    """Deltas of one artifact against the recorded fp32 PyTorch scores.

    `verdict_flips` counts harmful/not-harmful changes at the balanced operating point. `passed`
    asks for identical tokens and a largest delta within `tolerance`. `evaluator` is what computed
    in place of the artifact's engine, if anything did.
    """

    artifact: str
    cases: int = 0
    token_mismatches: int = 0
    max_score_delta: float = 0.0
    mean_score_delta: float = 0.0
    verdict_flips: int = 0
    tolerance: float = DEFAULT_TOLERANCE
    skipped: str = ""
    evaluator: str = ""

    @property
    def passed(self) -> bool:
        return bool(self.skipped) or (
            self.cases > 0 and not self.token_mismatches and self.max_score_delta <= self.tolerance
        )


def verify_bundle(bundle: Bundle, track: Tracker | None = None) -> list[EngineReport]:
    """One report an artifact. Raises a BundleError when a file is not what it should be."""
    manifest = bundle.manifest
    vectors = parse_vectors(bundle.read_text(manifest.vectors))
    encoder = Encoder(bundle.read_text(manifest.tokenizer), manifest.input)
    reports = []
    for artifact in manifest.artifacts:
        engine = _open(bundle, artifact)
        if engine is None:
            reports.append(EngineReport(artifact.id, skipped=f"{artifact.engine} not installed"))
            continue
        cases = track(vectors, artifact.id, len(vectors)) if track else vectors
        tolerance = artifact_tolerance(artifact)
        report = measure(artifact.id, cases, encoder, engine, manifest.score, tolerance)
        reports.append(replace(report, evaluator=getattr(engine, "evaluator", "")))
    return reports


def measure(
    artifact: str,
    vectors: Iterable[Vector],
    encoder: Encoder,
    engine: Engine,
    rules: ScoreRules,
    tolerance: float = DEFAULT_TOLERANCE,
) -> EngineReport:
    """Scores the vectors with `engine` and compares tokens, scores and verdicts."""
    deltas: list[float] = []
    mismatches = flips = 0
    point = rules.operating_points[DEFAULT_OPERATING_POINT]
    for vector in vectors:
        encoding = encoder.encode(vector.prompt, vector.response)
        mismatches += not encoding_matches(vector, encoding)
        score, _ = rules.worst(map(engine.logits, encoding.windows), encoding.judged)
        deltas.append(abs(score - vector.score))
        recorded = vector.verdicts[DEFAULT_OPERATING_POINT]
        flips += (point.level(score) == "harmful") != (recorded == "harmful")
    return EngineReport(
        artifact,
        len(deltas),
        mismatches,
        max(deltas, default=0.0),
        sum(deltas) / max(len(deltas), 1),
        flips,
        tolerance,
    )


def _open(bundle: Bundle, artifact: Artifact) -> Engine | None:
    if can_run(artifact):
        return open_engine(bundle, artifact, None)
    return open_evaluator(bundle, artifact)


def artifact_tolerance(artifact: Artifact) -> float:
    """What the artifact may differ by: its own recorded delta plus rounding between CPUs."""
    value = artifact.parity.get("tolerance", DEFAULT_TOLERANCE)
    return float(value) + _ROUNDING if isinstance(value, int | float) else DEFAULT_TOLERANCE
