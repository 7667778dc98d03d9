"""The guard: a bundle, an engine and an operating point behind one call."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from guardlet.bundle import DEFAULT_OPERATING_POINT, Bundle
from guardlet.encoder import Encoder, Encoding
from guardlet.engines import Engine, choose_artifact, open_engine
from guardlet.errors import NotTextError, OperatingPointError
from guardlet.normalise import Normaliser, Words, worst_reading
from guardlet.scoring import ScoreRules
from guardlet.streaming import DEFAULT_SCHEDULE, GuardStream, StreamSchedule, StreamState
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
        normaliser: Normaliser | None = None,
    ) -> None:
        """From parts; apps call `Guard.load`. Raises OperatingPointError."""
        if operating_point not in rules.operating_points:
            names = ", ".join(rules.operating_points)
            raise OperatingPointError(f"no operating point {operating_point!r}; there are {names}")
        self._encoder = encoder
        self._engine = engine
        self._rules = rules
        self._normaliser = normaliser
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
        normalise: bool = False,
    ) -> Guard:
        """Loads a bundle folder, by default the embedded guardlet-mini. Offline.

        `engine` is an engine's name or an artifact's id, by default the first that runs here.
        `threads` a check may use, by default every core. `normalise` scores what the text hides
        (base64, look-alike letters, ...) as well. Raises a BundleError, EngineError or
        OperatingPointError.
        """
        opened = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        manifest = opened.manifest
        artifact = choose_artifact(opened, engine)
        encoder = Encoder(opened.read_text(manifest.tokenizer), manifest.input)
        return cls(
            encoder,
            open_engine(opened, artifact, threads),
            manifest.score,
            operating_point,
            manifest.label,
            artifact.id,
            Normaliser(Words.of_vocabulary(encoder.vocabulary())) if normalise else None,
        )

    def check(self, prompt: str, response: str | None = None) -> Verdict:
        """Judges the prompt, or the response in its context when there is one.

        With a normaliser the judged text's readings are judged as well and the worst counts.
        Raises NotTextError, EmptyInputError or EngineError; none of them carries the text.
        """
        if self._normaliser is None:
            return self._judge(prompt, response)
        return worst_reading(self._normaliser, self._encoder, self._judge, prompt, response)

    def _judge(self, prompt: str, response: str | None) -> Verdict:
        begin = time.perf_counter()
        return self._score(self._encoder.encode(prompt, response), begin)

    def _score(self, encoding: Encoding, begin: float) -> Verdict:
        logits = map(self._engine.logits, encoding.windows)
        score, window = self._rules.worst(logits, encoding.judged)
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

    def stream(
        self,
        prompt: str,
        first: int = DEFAULT_SCHEDULE.first,
        every: int = DEFAULT_SCHEDULE.every,
        context: int | None = DEFAULT_SCHEDULE.context,
        hits: int = DEFAULT_SCHEDULE.hits,
    ) -> GuardStream:
        """A response to judge while it is generated: see GuardStream and StreamSchedule.

        Raises NotTextError, EngineError, or StreamError when a check would not fit a window.
        """
        return self._stream(prompt, StreamSchedule(first, every, context, hits))

    def resume_stream(self, state: Mapping[str, Any]) -> GuardStream:
        """The stream whose `state()` this is. Raises StreamError when it is not one of this
        guard's bundle and operating point."""
        parsed = StreamState.from_dict(state)
        stream = self._stream(parsed.prompt, parsed.schedule)
        stream.restore(parsed)
        return stream

    def _stream(self, prompt: str, schedule: StreamSchedule) -> GuardStream:
        names = self.bundle_label, self.operating_point
        return GuardStream(prompt, schedule, self._encoder, self._score, self.check, names)


def _as_pair(item: object) -> Pair:
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise NotTextError("a batch item must be a prompt or a (prompt, response) pair")
    return item[0], item[1]
