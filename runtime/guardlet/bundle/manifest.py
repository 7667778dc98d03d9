"""guardlet.json as frozen values. The format is specified in docs/bundle-format.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from guardlet.bundle.schema import FORMAT_VERSION, check_schema, decode, malformed
from guardlet.encoder import InputRules
from guardlet.scoring import ScoreRules

DEFAULT_OPERATING_POINT = "balanced"


@dataclass(frozen=True)
class FileEntry:
    """A file of the bundle: POSIX path relative to its folder, size in bytes, SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Artifact:
    """One model in one engine's format. `entry` is the file or folder the engine opens,
    `files` every file it consists of, `max_length` the longest window in tokens it accepts."""

    id: str
    engine: str
    precision: str
    entry: str
    files: tuple[FileEntry, ...]
    max_length: int
    requires: Mapping[str, str]
    parity: Mapping[str, Any]

    @property
    def size(self) -> int:
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True)
class Manifest:
    """Everything guardlet.json says."""

    name: str
    version: str
    license: str
    description: str
    languages: tuple[str, ...]
    sources: tuple[Mapping[str, str], ...]
    labels: tuple[str, ...]
    input: InputRules
    score: ScoreRules
    tokenizer: FileEntry
    artifacts: tuple[Artifact, ...]
    vectors: FileEntry
    card: FileEntry
    provenance: Mapping[str, Any]

    @property
    def label(self) -> str:
        """`name@version`, as verdicts name the bundle."""
        return f"{self.name}@{self.version}"

    @property
    def files(self) -> tuple[FileEntry, ...]:
        """Every file the bundle must hold beside guardlet.json."""
        models = tuple(file for artifact in self.artifacts for file in artifact.files)
        return (self.tokenizer, self.vectors, self.card, *models)


def parse_manifest(text: str) -> Manifest:
    """Raises FormatVersionError, UnsafePathError or ManifestError, each naming the bad key."""
    tree = decode(text)
    try:
        return _build(tree)
    except ValueError as error:
        raise malformed(str(error)) from None


def dump_manifest(manifest: Manifest) -> str:
    """The text of guardlet.json, validated against the schema."""
    tree = asdict(manifest)
    tree["score"]["aggregation"] = "max"
    tree["labels"] = {"names": tree["labels"], "harmful": tree["score"].pop("harmful_index")}
    text = json.dumps({"format_version": FORMAT_VERSION, **tree}, indent=2, ensure_ascii=False)
    check_schema(json.loads(text))
    return text + "\n"


def _build(tree: dict[str, Any]) -> Manifest:
    labels = tree["labels"]
    if labels["harmful"] >= len(labels["names"]):
        raise ValueError("labels/harmful is not an index into labels/names")
    score = ScoreRules.from_dict(tree["score"], labels["harmful"])
    for name, point in score.operating_points.items():
        if point.controversial > point.threshold:
            raise ValueError(f"operating point {name}: controversial exceeds threshold")
    manifest = Manifest(
        name=tree["name"],
        version=tree["version"],
        license=tree["license"],
        description=tree["description"],
        languages=tuple(tree["languages"]),
        sources=tuple(tree["sources"]),
        labels=tuple(labels["names"]),
        input=InputRules.from_dict(tree["input"]),
        score=score,
        tokenizer=FileEntry(**tree["tokenizer"]),
        artifacts=tuple(_artifact(item) for item in tree["artifacts"]),
        vectors=FileEntry(**tree["vectors"]),
        card=FileEntry(**tree["card"]),
        provenance=tree["provenance"],
    )
    _check_consistency(manifest)
    return manifest


def _artifact(item: dict[str, Any]) -> Artifact:
    return Artifact(**item | {"files": tuple(FileEntry(**file) for file in item["files"])})


def _check_consistency(manifest: Manifest) -> None:
    paths = [file.path for file in manifest.files]
    if len(set(paths)) != len(paths):
        raise ValueError("a file is listed twice")
    ids = [artifact.id for artifact in manifest.artifacts]
    if len(set(ids)) != len(ids):
        raise ValueError("two artifacts share an id")
    for artifact in manifest.artifacts:
        prefix = artifact.entry + "/"
        if not any(f.path == artifact.entry or f.path.startswith(prefix) for f in artifact.files):
            raise ValueError(f"artifact {artifact.id}: entry is not among its files")
        if artifact.max_length < manifest.input.max_tokens:
            raise ValueError(f"artifact {artifact.id}: max_length is below input/max_tokens")
