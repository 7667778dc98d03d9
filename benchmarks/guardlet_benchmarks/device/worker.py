"""The process that runs one subject: it answers one request at a time, a JSON object a line.

Requests, each with its answer:
    {"do": "open", "spec": {...}, "texts": [...]}    {"load_ms", "first_check_ms"}
    {"do": "check", "text": i}                       {"check_ms", "encode_ms"}
    {"do": "run", "text": i, "seconds": s}           {"checks", "seconds"}
    {"do": "memory"}                                 {"bytes"}: peak above that before loading
    {"do": "parity"}                                 {"parity": {...} or null}
An error of Guardlet's is answered with {"error": message}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TextIO

from guardlet.errors import GuardletError
from guardlet_benchmarks.device.resident import peak_bytes, resident_bytes
from guardlet_benchmarks.device.subject import Spec, Subject, open_subject

Json = dict[str, Any]


class Worker:
    """Holds the subject and its texts, once `open` was asked."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._before: int | None = None
        self._subject: Subject

    def answer(self, request: Json) -> Json:
        try:
            reply: Json = getattr(self, f"_{request.pop('do')}")(**request)
        except GuardletError as error:
            return {"error": str(error)}
        return reply

    def _open(self, spec: Json, texts: list[str]) -> Json:
        self._texts, self._before = texts, resident_bytes()
        begin = time.perf_counter()
        self._subject = open_subject(Spec(**spec))
        loaded = time.perf_counter()
        self._subject.check(texts[0])
        checked = time.perf_counter()
        return {"load_ms": 1000 * (loaded - begin), "first_check_ms": 1000 * (checked - loaded)}

    def _check(self, text: int) -> Json:
        words = self._texts[text]
        return {
            "check_ms": _milliseconds(self._subject.check, words),
            "encode_ms": _milliseconds(self._subject.encode, words),
        }

    def _run(self, text: int, seconds: float) -> Json:
        words, checks = self._texts[text], 0
        begin = now = time.perf_counter()
        while now - begin < seconds:
            self._subject.check(words)
            checks, now = checks + 1, time.perf_counter()
        return {"checks": checks, "seconds": now - begin}

    def _memory(self) -> Json:
        peak, before = peak_bytes(), self._before
        return {"bytes": None if peak is None or before is None else max(peak - before, 0)}

    def _parity(self) -> Json:
        found = self._subject.parity()
        return {"parity": asdict(found) if found else None}


def _milliseconds(function: Callable[[str], object], text: str) -> float:
    before = time.perf_counter()
    function(text)
    return 1000 * (time.perf_counter() - before)


def _own_output() -> TextIO:
    """The pipe to the one who asks; what libraries print goes to stderr instead."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def main() -> None:
    answers, worker = _own_output(), Worker()
    for line in sys.stdin:
        print(json.dumps(worker.answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
