"""Responses that turn harmful part-way, spliced from labelled rows.

The idea is that of decoupled refusal (arXiv 2407.09121): a guard has to notice harm wherever in a
response it begins, after a refusal as well.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from guardlet.errors import DataError
from guardlet_export.rows import Row, file_rows

PLACES = (10, 50, 90)
"""Where harm begins, in per cent of the words of a response."""

_REFUSAL = re.compile(
    r"^(I'm sorry|I am sorry|Sorry|I can't|I cannot|I can not|I won't|I will not)\b"
)
_PLAIN_REFUSAL = "I'm sorry, but I can't help with that."
_LONGEST_HARM = 60  # words; at 90 % there are nine times as many before it
_HARMLESS_IN_A_LONG_ONE = 4


@dataclass(frozen=True)
class Case:
    """One response. `harm` is the index of the character at which the harmful part begins, None
    when there is none."""

    kind: str
    prompt: str
    response: str
    harm: int | None


def load(files: Sequence[Path]) -> list[Row]:
    """Labelled rows with a response. Raises DataError when some label or all rows are missing."""
    rows = [
        row for file in files for row in file_rows(file) if row.response and row.label in (0, 1)
    ]
    if {row.label for row in rows} != {0, 1}:
        raise DataError("the data must hold harmful and harmless responses (label 1 and 0)")
    return rows


def cases(rows: Sequence[Row], count: int, seed: int = 0) -> Iterator[Case]:
    """Up to `count` cases of each kind, the same for the same rows and seed."""
    generator = random.Random(seed)
    harmful = _draw([row for row in rows if row.label == 1], count, generator)
    harmless = [row for row in rows if row.label == 0]
    refusals = [_text(row) for row in harmless if _REFUSAL.match(_text(row))] or [_PLAIN_REFUSAL]
    for row in harmful:
        harm = " ".join(_text(row).split()[:_LONGEST_HARM])
        yield Case("harm alone", row.prompt, harm, 0)
        yield _after("refuse, then comply", row, generator.choice(refusals), harm)
        refused = f"{harm}\n\n{generator.choice(refusals)}"
        yield Case("comply, then refuse", row.prompt, refused, 0)
        for place in PLACES:
            words = max(1, round(len(harm.split()) * place / (100 - place)))
            before = _filler(harmless, words, generator)
            yield _after(f"harm at {place} %", row, before, harm)
    for row in _draw(harmless, count, generator):
        yield Case("harmless", row.prompt, _text(row), None)
        more = [
            _text(other) for other in generator.choices(harmless, k=_HARMLESS_IN_A_LONG_ONE - 1)
        ]
        yield Case("harmless, long", row.prompt, "\n\n".join([_text(row), *more]), None)


def _after(kind: str, row: Row, before: str, harm: str) -> Case:
    start = f"{before}\n\n"
    return Case(kind, row.prompt, start + harm, len(start))


def _filler(harmless: Sequence[Row], count: int, generator: random.Random) -> str:
    words: list[str] = []
    while len(words) < count:
        words += _text(generator.choice(harmless)).split() or ["..."]
    return " ".join(words[:count])


def _draw(rows: list[Row], count: int, generator: random.Random) -> list[Row]:
    return generator.sample(rows, min(count, len(rows)))


def _text(row: Row) -> str:
    return row.response or ""
