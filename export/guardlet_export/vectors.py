"""Golden vectors of a guard, scored by the fp32 PyTorch reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from guardlet.encoder import Encoder
from guardlet.engines import Engine
from guardlet.errors import EmptyInputError
from guardlet.scoring import ScoreRules
from guardlet.vectors import Vector

_CASES_FILE = "vector_cases.jsonl"


@dataclass(frozen=True)
class Case:
    """A text to record. `repeat` says how often the prompt, or the response where there is one,
    is written out, which makes long inputs from short lines."""

    id: str
    kind: str
    prompt: str
    response: str | None = None
    repeat: int = 1

    def texts(self) -> tuple[str, str | None]:
        if self.response is None:
            return self.prompt * self.repeat, None
        return self.prompt, self.response * self.repeat


def golden_cases() -> list[Case]:
    """The cases that come with this package: everyday, Unicode, long, pairs, special tokens."""
    text = (files("guardlet_export") / _CASES_FILE).read_text(encoding="utf-8")
    return [Case(**json.loads(line)) for line in text.splitlines() if line]


def record_vectors(
    cases: Iterable[Case], encoder: Encoder, engine: Engine, rules: ScoreRules
) -> Iterator[Vector]:
    """One vector a case; cases without a readable token are left out."""
    for case in cases:
        prompt, response = case.texts()
        try:
            encoding = encoder.encode(prompt, response)
        except EmptyInputError:
            continue
        logits = [engine.logits(window) for window in encoding.windows]
        score, _ = rules.worst(logits, encoding.judged)
        yield Vector(
            id=case.id,
            kind=case.kind,
            prompt=prompt,
            response=response,
            judged=encoding.judged,
            tokens=encoding.tokens,
            truncated=encoding.truncated,
            language_supported=encoding.language_supported,
            windows=tuple({"ids": w.ids, "type_ids": w.type_ids} for w in encoding.windows),
            logits=tuple(tuple(round(float(x), 6) for x in item) for item in logits),
            score=round(score, 8),
            verdicts={name: p.level(score) for name, p in rules.operating_points.items()},
        )
