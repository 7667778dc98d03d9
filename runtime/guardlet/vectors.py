"""Golden vectors: what a bundle must answer. See docs/bundle-format.md, "Golden vectors"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from guardlet.bundle import DEFAULT_OPERATING_POINT
from guardlet.bundle.schema import load_json
from guardlet.encoder import Encoding, Judged
from guardlet.errors import ManifestError
from guardlet.scoring import Level


@dataclass(frozen=True)
class Vector:
    """One case. `logits` holds a pair of fp32 reference logits for each window, `verdicts` the
    level at each operating point."""

    id: str
    kind: str
    prompt: str
    response: str | None
    judged: Judged
    tokens: int
    truncated: bool
    language_supported: bool
    windows: tuple[Mapping[str, tuple[int, ...]], ...]
    logits: tuple[tuple[float, ...], ...]
    score: float
    verdicts: Mapping[str, Level]


def encoding_matches(vector: Vector, encoding: Encoding) -> bool:
    """Whether windows, ids, types and flags are exactly those recorded."""
    ids = [tuple(window["ids"]) for window in vector.windows]
    types = [tuple(window["type_ids"]) for window in vector.windows]
    return (
        ids == [window.ids for window in encoding.windows]
        and types == [window.type_ids for window in encoding.windows]
        and (vector.judged, vector.tokens) == (encoding.judged, encoding.tokens)
        and vector.truncated == encoding.truncated
        and vector.language_supported == encoding.language_supported
    )


def dump_vectors(vectors: list[Vector]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(asdict(vector), ensure_ascii=True) + "\n" for vector in vectors)


def parse_vectors(text: str) -> list[Vector]:
    """Raises ManifestError naming the line that is malformed."""
    vectors = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            if line:
                vectors.append(_vector(load_json(line)))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            raise ManifestError(f"golden vectors: line {number} is malformed") from None
    return vectors


def _vector(tree: Any) -> Vector:
    vector = Vector(**tree)
    if DEFAULT_OPERATING_POINT not in vector.verdicts:
        raise ValueError(f"no verdict at {DEFAULT_OPERATING_POINT}")
    return replace(
        vector,
        windows=tuple(
            {name: tuple(map(int, window[name])) for name in ("ids", "type_ids")}
            for window in vector.windows
        ),
        logits=tuple(tuple(map(float, item)) for item in vector.logits),
        score=float(vector.score),
        verdicts=dict(vector.verdicts.items()),
    )
