"""What a check answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from guardlet.encoder import Judged
from guardlet.scoring import Level


@dataclass(frozen=True)
class Verdict:
    """The answer to one check. It never contains the text.

    `score` is P(harmful) of the worst window, `window` that window's index. `judged` says which
    text the verdict is about. `tokens` counts prompt and response. `truncated` is true when part
    of the judged text was too long to be looked at. `language_supported` is false when the judged
    text is in no language the guard reads: do not rely on its score then. `latency_ms` is wall time
    of this check.
    """

    harmful: bool
    score: float
    level: Level
    judged: Judged
    tokens: int
    windows: int
    window: int
    truncated: bool
    language_supported: bool
    operating_point: str
    bundle: str
    engine: str
    latency_ms: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
