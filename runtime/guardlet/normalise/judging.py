"""Which readings of a check are judged, and which verdict counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from guardlet.encoder import Encoder, clip, replace_lone_surrogates
from guardlet.errors import EmptyInputError
from guardlet.normalise.normaliser import Normaliser, Reading
from guardlet.verdict import Verdict

Judge = Callable[[str, str | None], Verdict]


def worst_reading(
    normaliser: Normaliser, encoder: Encoder, judge: Judge, prompt: str, response: str | None
) -> Verdict:
    """The verdict with the highest score among the text and its readings, the text first.

    A reading with the same tokens as a text already judged is left out. `truncated` holds when it
    does for any of them. Raises what `judge` raises; EmptyInputError only when no reading has a
    token either.
    """
    begin = time.perf_counter()
    verdicts: list[Verdict] = []
    empty: list[EmptyInputError] = []
    try:
        verdicts.append(judge(prompt, response))
    except EmptyInputError as error:
        empty.append(error)
    for text, answer, decoding in _hidden(normaliser, encoder, prompt, response, verdicts):
        verdicts.append(replace(judge(text, answer), decoding=decoding))
    if not verdicts:
        raise empty[0]
    worst = max(verdicts, key=lambda verdict: verdict.score)
    return replace(
        worst,
        truncated=any(verdict.truncated for verdict in verdicts),
        latency_ms=(time.perf_counter() - begin) * 1000,
    )


def _hidden(
    normaliser: Normaliser,
    encoder: Encoder,
    prompt: str,
    response: str | None,
    judged: list[Verdict],
) -> Iterator[tuple[str, str | None, str]]:
    """Prompt, response and decoding of each reading: of the response where it has any, else of the
    prompt unless the response was judged."""
    readings = _readings(normaliser, encoder, response) if response else []
    if readings:
        yield from ((prompt, reading.text, reading.decoding) for reading in readings)
    elif all(verdict.judged == "prompt" for verdict in judged):
        for reading in _readings(normaliser, encoder, prompt):
            yield reading.text, response, reading.decoding


def _readings(normaliser: Normaliser, encoder: Encoder, text: str) -> list[Reading]:
    """Those with tokens, and none with the tokens of the text or of an earlier one."""
    clipped, _ = clip(replace_lone_surrogates(text), encoder.rules.max_chars)
    found = normaliser.readings(clipped)
    if not found:
        return []
    return list(_distinct(encoder, clipped, found))


def _distinct(encoder: Encoder, text: str, readings: tuple[Reading, ...]) -> Iterator[Reading]:
    seen = {tuple(encoder.tokenize(text)[0]), ()}
    for reading in readings:
        tokens = tuple(encoder.tokenize(reading.text)[0])
        if tokens not in seen:
            seen.add(tokens)
            yield reading
