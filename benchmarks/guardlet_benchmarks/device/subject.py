"""What is measured: an artifact of a bundle behind a guard, or another way to run its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from guardlet.bundle import Bundle
from guardlet.encoder import Encoder
from guardlet.engines import Engine, choose_artifact, open_engine
from guardlet.guard import Guard
from guardlet.vectors import parse_vectors
from guardlet.verify import artifact_tolerance
from guardlet.verify import measure as compare_with_vectors
from guardlet_benchmarks.device.report import Parity


@dataclass(frozen=True)
class Spec:
    """Names a subject. `source` is the bundle's folder, or for a peer that of its model."""

    name: str
    engine: str
    precision: str
    threads: int
    bytes: int
    source: str
    peer: bool = False

    def with_threads(self, threads: int) -> Spec:
        return replace(self, threads=threads)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Subject(Protocol):
    def check(self, text: str) -> object:
        """A whole check, as an app makes it."""
        ...

    def encode(self, text: str) -> object:
        """The encoding alone."""
        ...

    def parity(self) -> Parity | None:
        """None of what is not held to golden vectors."""
        ...


class GuardSubject:
    """An artifact behind a `Guard`."""

    def __init__(self, bundle: Bundle, encoder: Encoder, engine: Engine, artifact: str) -> None:
        self._bundle, self._encoder, self._engine = bundle, encoder, engine
        self._artifact = choose_artifact(bundle, artifact)
        self._guard = Guard(encoder, engine, bundle.manifest.score)

    @classmethod
    def open(cls, folder: Path, artifact: str, threads: int) -> GuardSubject:
        """As `Guard.load` does it, integrity check included. Raises as it does."""
        bundle = Bundle.open(folder)
        manifest = bundle.manifest
        encoder = Encoder(bundle.read_text(manifest.tokenizer), manifest.input)
        engine = open_engine(bundle, choose_artifact(bundle, artifact), threads)
        return cls(bundle, encoder, engine, artifact)

    def check(self, text: str) -> object:
        return self._guard.check(text)

    def encode(self, text: str) -> object:
        return self._encoder.encode(text)

    def parity(self) -> Parity:
        manifest = self._bundle.manifest
        vectors = parse_vectors(self._bundle.read_text(manifest.vectors))
        tolerance = artifact_tolerance(self._artifact)
        report = compare_with_vectors(
            "", vectors, self._encoder, self._engine, manifest.score, tolerance
        )
        return Parity(
            cases=report.cases,
            token_mismatches=report.token_mismatches,
            max_score_delta=report.max_score_delta,
            mean_score_delta=report.mean_score_delta,
            verdict_flips=report.verdict_flips,
            tolerance=report.tolerance,
            passed=report.passed,
        )


def open_subject(spec: Spec) -> Subject:
    """Loads it into this process. Raises a GuardletError."""
    if spec.peer:
        from guardlet_benchmarks.device.peers import open_peer

        return open_peer(spec)
    return GuardSubject.open(Path(spec.source), spec.name, spec.threads)
