"""The guard: a bundle, an engine and an operating point behind one call."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from guardlet.bundle import DEFAULT_OPERATING_POINT, Bundle
from guardlet.encoder import Encoder
from guardlet.engines import Engine, choose_artifact, open_engine
from guardlet.errors import NotTextError, OperatingPointError
from guardlet.scoring import ScoreRules, highest
from guardlet.verdict import Verdict

Pair = tuple[str, str | None]


class Guard:
    """Judges prompts and responses. Thread-safe; keeps no text."""

    def __init__(
        self,
        encoder: Encoder,
        engine: Engine,
        rules: ScoreRules,
        operating_point: str = DEFAULT_OPERATING_POINT,
        bundle_label: str = "unbundled",
        engine_label: str = "custom",
    ) -> None:
        """From parts; apps call `Guard.load`. Raises OperatingPointError."""
        if operating_point not in rules.operating_points:
            names = ", ".join(rules.operating_points)
            raise OperatingPointError(f"no operating point {operating_point!r}; there are {names}")
        self._encoder = encoder
        self._engine = engine
        self._rules = rules
        self._point = rules.operating_points[operating_point]
        self.operating_point = operating_point
        self.bundle_label = bundle_label
        self.engine_label = engine_label

    @classmethod
    def load(
        cls,
        bundle: str | Path | Bundle | None = None,
        engine: str | None = None,
        threads: int | None = None,
        operating_point: str = DEFAULT_OPERATING_POINT,
    ) -> Guard:
        """Loads a bundle folder, by default the embedded guardlet-mini. Offline.

        `engine` is an engine's name or an artifact's id, by default the first that runs here.
        `threads` a check may use, by default every core. Raises a BundleError, EngineError or
        OperatingPointError.
        """
        opened = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        manifest = opened.manifest
        artifact = choose_artifact(opened, engine)
        return cls(
            Encoder(opened.read_text(manifest.tokenizer), manifest.input),
            open_engine(opened, artifact, threads),
            manifest.score,
            operating_point,
            manifest.label,
            artifact.id,
        )

    def check(self, prompt: str, response: str | None = None) -> Verdict:
        """Judges the prompt, or the response in its context when there is one.

        Raises NotTextError, EmptyInputError or EngineError; none of them carries the text.
        """
        begin = time.perf_counter()
        encoding = self._encoder.encode(prompt, response)
        scores = [self._rules.score(self._engine.logits(w)) for w in encoding.windows]
        score, window = highest(scores)
        level = self._point.level(score)
        return Verdict(
            harmful=level == "harmful",
            score=score,
            level=level,
            judged=encoding.judged,
            tokens=encoding.tokens,
            windows=len(encoding.windows),
            window=window,
            truncated=encoding.truncated,
            language_supported=encoding.language_supported,
            operating_point=self.operating_point,
            bundle=self.bundle_label,
            engine=self.engine_label,
            latency_ms=(time.perf_counter() - begin) * 1000,
        )

    def check_batch(self, pairs: Iterable[Pair | str]) -> list[Verdict]:
        """One verdict an item, each a prompt or a (prompt, response) pair, in order.

        Verdicts are those of `check`, bit for bit: windows are never padded or run together.
        """
        verdicts = []
        for item in pairs:
            prompt, response = (item, None) if isinstance(item, str) else _as_pair(item)
            verdicts.append(self.check(prompt, response))
        return verdicts


def _as_pair(item: object) -> Pair:
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise NotTextError("a batch item must be a prompt or a (prompt, response) pair")
    return item[0], item[1]
