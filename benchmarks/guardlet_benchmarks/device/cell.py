"""One subject at one number of threads: its process, and what is known about it so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guardlet.errors import EngineError
from guardlet_benchmarks.device.child import Child
from guardlet_benchmarks.device.report import Measurement, Parity, Sustained, threads_in_words
from guardlet_benchmarks.device.statistics import summarise
from guardlet_benchmarks.device.subject import Spec

_WARM_UPS = 3
Prompt = tuple[str, int]


class Cell:
    """Each step asks the process and keeps the answer; after a failure nothing more is asked.

    `failure` says what went wrong, if anything did.
    """

    def __init__(self, spec: Spec, prompts: Sequence[Prompt]) -> None:
        """`prompts`: texts, shortest first, and their lengths in tokens."""
        self.spec = spec
        self.failure: str | None = None
        self._texts = [text for text, _ in prompts]
        self._tokens = [tokens for _, tokens in prompts]
        self._check_ms: list[list[float]] = [[] for _ in prompts]
        self._encode_ms: list[list[float]] = [[] for _ in prompts]
        self._loaded: tuple[float, float] | None = None
        self._memory: int | None = None
        self._sustained: Sustained | None = None
        self._parity: Parity | None = None
        self._child: Child | None = None

    @property
    def label(self) -> str:
        return f"{self.spec.name}, {threads_in_words(self.spec.threads)}"

    def open(self) -> None:
        """Starts the process, loads in it and checks once."""
        try:
            self._child = Child(self.label)
        except OSError as error:
            self.failure = f"{self.label}: cannot start a process: {error.strerror}"
        if reply := self._ask("open", spec=self.spec.to_dict(), texts=self._texts):
            self._loaded = reply["load_ms"], reply["first_check_ms"]

    def warm_up(self) -> None:
        for text in range(len(self._texts)):
            for _ in range(_WARM_UPS):
                self._ask("check", text=text)

    def take_round(self) -> None:
        """One timed check of each length, after one that wakes the process up."""
        self._ask("check", text=0)
        for text in range(len(self._texts)):
            if reply := self._ask("check", text=text):
                self._check_ms[text].append(reply["check_ms"])
                self._encode_ms[text].append(reply["encode_ms"])

    def take_memory(self) -> None:
        if reply := self._ask("memory"):
            self._memory = reply["bytes"]

    def take_slice(self, tokens: int, seconds: float) -> tuple[int, float]:
        """Checks of the prompt of `tokens` tokens made in about so many seconds, and the time."""
        reply = self._ask("run", text=self._tokens.index(tokens), seconds=seconds)
        return (reply["checks"], reply["seconds"]) if reply else (0, 0.0)

    def keep_sustained(self, found: Sustained | None) -> None:
        self._sustained = found

    def take_parity(self) -> None:
        reply = self._ask("parity")
        if reply and reply["parity"]:
            self._parity = Parity(**reply["parity"])

    def close(self) -> None:
        if self._child:
            self._child.close()
            self._child = None

    def measurement(self) -> Measurement | None:
        """What is known; None before the first round."""
        if self._loaded is None or not self._check_ms[0]:
            return None
        spec, (load_ms, first_check_ms) = self.spec, self._loaded
        rows = zip(self._tokens, self._check_ms, self._encode_ms, strict=True)
        return Measurement(
            artifact=spec.name,
            engine=spec.engine,
            precision=spec.precision,
            threads=spec.threads,
            peer=spec.peer,
            bytes=spec.bytes,
            load_ms=round(load_ms, 3),
            first_check_ms=round(first_check_ms, 3),
            lengths=tuple(summarise(tokens, *times) for tokens, *times in rows if times[0]),
            memory_bytes=self._memory,
            sustained=self._sustained,
            parity=self._parity,
        )

    def _ask(self, do: str, **request: Any) -> dict[str, Any] | None:
        """The answer; None, and nothing more is asked, when the process fails."""
        if self._child is None:
            return None
        try:
            return self._child.ask(do, **request)
        except EngineError as error:
            self.failure = str(error)
            self.close()
            return None
