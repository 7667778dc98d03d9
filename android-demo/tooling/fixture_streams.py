"""Streamed responses for the JVM tests: chunks, and the checks Python makes of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from fixture_strings import texts

from guardlet import Guard, Verdict
from guardlet.vectors import Vector

_FROM_VECTORS = 18
_FROM_STRINGS = 10
_STRINGS_IN_ONE = 30
_LONGEST = 1500


def streams(guard: Guard, vectors: list[Vector], room: int) -> Iterator[dict[str, Any]]:
    """One row a response; `room` is what a window has for one. `state` is taken half-way."""
    generator = random.Random(11)
    for prompt, response in _responses(vectors, generator):
        every = generator.randint(room // 4, room)
        schedule = {
            "first": generator.randint(1, room),
            "every": every,
            "context": generator.choice([None, 0, generator.randint(0, room - every)]),
            "hits": generator.randint(1, 3),
        }
        yield _row(guard, prompt, list(_chunks(response, generator)), schedule)


def _responses(vectors: list[Vector], generator: random.Random) -> Iterator[tuple[str, str]]:
    longest = sorted(vectors, key=lambda vector: -len(vector.response or vector.prompt))
    for vector in longest[:_FROM_VECTORS]:
        yield vector.prompt[:300], (vector.response or vector.prompt)[:_LONGEST]
    strings = texts()
    for _ in range(_FROM_STRINGS):
        yield next(strings), " ".join(next(strings) for _ in range(_STRINGS_IN_ONE))
    yield "nothing comes", ""
    yield "only white space", " \n\t"
    yield "an open pair", "one\ud83d"
    yield "no white space", "漢字" * 100 + "x" * 200 + "😀" * 50


def _chunks(text: str, generator: random.Random) -> Iterator[str]:
    """UTF-16 pieces, so that surrogate pairs come apart as they do in other languages."""
    units = text.encode("utf-16-le", "surrogatepass")
    begin = 0
    while begin < len(units):
        end = begin + 2 * generator.choice([1, 2, 3, 5, 8, 400])
        yield units[begin:end].decode("utf-16-le", "surrogatepass")
        begin = end


def _row(
    guard: Guard, prompt: str, chunks: list[str], schedule: dict[str, int | None]
) -> dict[str, Any]:
    stream = guard.stream(prompt, **schedule)  # type: ignore[arg-type]
    checks, state = [], stream.state()
    for number, chunk in enumerate(chunks):
        checks += [_check(verdict) for verdict in stream.feed_all(chunk)]
        if number == len(chunks) // 2:
            state = stream.state() | {"made_after": number + 1, "checks": len(checks)}
    half = {name: state.pop(name, 0) for name in ("made_after", "checks")}
    return {
        "prompt": prompt,
        "schedule": schedule,
        "chunks": chunks,
        "checks": checks,
        "flagged": stream.flagged,
        "closing": _check(stream.close()),
        "half": half | {"state": json.dumps(state)},
    }


def _check(verdict: Verdict) -> dict[str, Any]:
    names = ("tokens", "score", "level", "judged", "windows", "truncated", "language_supported")
    return {name: getattr(verdict, name) for name in names}
