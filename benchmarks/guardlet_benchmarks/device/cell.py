"""One subject at one number of threads: its process, and what is known about it so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from guardlet.errors import EngineError
from guardlet_benchmarks.device.child import Child
from guardlet_benchmarks.device.report import Measurement, Parity, Sustained
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
        return f"{self.spec.name}, {self.spec.threads} threads"

    def open(self) -> None:
        """Starts the process, loads in it and checks once."""
        with self._asking(starting=True) as child:
            reply = child.ask("open", spec=self.spec.to_dict(), texts=self._texts)
            self._loaded = reply["load_ms"], reply["first_check_ms"]

    def warm_up(self) -> None:
        with self._asking() as child:
            for text in range(len(self._texts)):
                for _ in range(_WARM_UPS):
                    child.ask("check", text=text)

    def take_round(self) -> None:
        """One timed check of each length, after one that wakes the process up."""
        with self._asking() as child:
            child.ask("check", text=0)
            for text in range(len(self._texts)):
                reply = child.ask("check", text=text)
                self._check_ms[text].append(reply["check_ms"])
                self._encode_ms[text].append(reply["encode_ms"])

    def take_memory(self) -> None:
        with self._asking() as child:
            self._memory = child.ask("memory")["bytes"]

    def take_slice(self, tokens: int, seconds: float) -> tuple[int, float]:
        """Checks of the prompt of `tokens` tokens made in about so many seconds, and the time."""
        with self._asking() as child:
            reply = child.ask("run", text=self._tokens.index(tokens), seconds=seconds)
            return reply["checks"], reply["seconds"]
        return 0, 0.0

    def keep_sustained(self, found: Sustained | None) -> None:
        self._sustained = found

    def take_parity(self) -> None:
        with self._asking() as child:
            parity = child.ask("parity")["parity"]
            self._parity = Parity(**parity) if parity else None

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

    @contextmanager
    def _asking(self, starting: bool = False) -> Iterator[Child]:
        """The process; its failure ends the block and is kept."""
        if starting:
            self._child = Child(self.label)
        try:
            if self._child is None:
                raise EngineError(self.failure or f"{self.label}: not started")
            yield self._child
        except EngineError as error:
            self.failure = str(error)
            self.close()
