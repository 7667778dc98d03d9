"""Texts to tokenise in two languages: all of Unicode, and random mixtures of what is awkward."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator

_RANDOM_TEXTS = 18_000
_SURROGATE_TEXTS = 1_500
_PER_TEXT = 24
_EVERY_UNASSIGNED = 61
_WORDS = (
    *("hello", "unaffable", "killing", "Café", "straße", "İstanbul", "ΣΊΣΥΦΟΣ", "naïve", "[SEP]"),
    *("[CLS]", "[UNK]", "[MASK]", "##ing", "▁", "▁the", "don't", "e-mail", "３．１４", "ﬁnance"),
    *(
        "한국어",
        "日本語",
        "ไทย",
        "हिन्दी",
        "العربية",
        "עברית",
        "🏳\ufe0f\u200d🌈",
        "👩🏽\u200d🚀",
        "🇫🇷",
    ),
    *("<TAG>", " <TAG> ", "Ｗｉｄｅ ", "wide", "Wide", "[MASK] it"),
    *("©\u200d👩", "1\ufe0f\u20e3", "™", "A\u030a"),
)


def texts(seed: int = 20240) -> Iterator[str]:
    """At least 20,000 texts, the same ones for the same seed; some hold lone surrogates."""
    generator = random.Random(seed)
    yield from _code_points()
    yield from _long_runs()
    pools = _pools()
    for _ in range(_RANDOM_TEXTS):
        yield _mixture(generator, pools)
    for _ in range(_SURROGATE_TEXTS):
        yield _surrogates(generator)


def _code_points() -> Iterator[str]:
    """Every assigned code point, and some others, each inside a word of its own."""
    chosen = [
        chr(c)
        for c in range(0x110000)
        if not 0xD800 <= c < 0xE000
        and (unicodedata.category(chr(c)) not in ("Cn", "Co") or c % _EVERY_UNASSIGNED == 0)
    ]
    for begin in range(0, len(chosen), _PER_TEXT):
        yield " ".join(f"a{c}b" for c in chosen[begin : begin + _PER_TEXT])
    for begin in range(0, len(chosen), _PER_TEXT * 4):
        yield " ".join(chosen[begin : begin + _PER_TEXT * 4])


def _long_runs() -> Iterator[str]:
    for unit in (
        "a",
        "ab ",
        " ",
        "\n",
        "-",
        "é",
        "e\u0301",
        "\u0301",
        "漢",
        "😀",
        "\u200d",
        "\0",
        "[SEP]",
    ):
        for count in (1, 2, 3, 4, 5, 7, 99, 100, 101, 1000, 4000):
            yield unit * count
            yield f"x {unit * count} y"


def _pools() -> list[Callable[[random.Random], str]]:
    def block(*ranges: tuple[int, int]) -> Callable[[random.Random], str]:
        members = [chr(c) for first, last in ranges for c in range(first, last + 1)]
        return lambda generator: generator.choice(members)

    return [
        block((0x20, 0x7E)),
        block((0x61, 0x7A)),
        block((0x61, 0x7A)),
        block((0x0, 0x20), (0x7F, 0xA0), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F)),
        block((0xA0, 0x24F)),
        block((0x300, 0x36F), (0x483, 0x489), (0x591, 0x5C7), (0x1AB0, 0x1ACE), (0x20D0, 0x20F0)),
        block((0x300, 0x345)),
        block((0x600, 0x6FF), (0x70F, 0x74A), (0x890, 0x891), (0x8E2, 0x902)),
        block((0x370, 0x52F), (0x10A0, 0x10FF), (0x13A0, 0x13FD), (0x1C90, 0x1CBF)),
        block((0x900, 0x983), (0x9BE, 0x9CD), (0xB3E, 0xB57), (0xE30, 0xE4F), (0x1000, 0x1060)),
        block((0x1100, 0x11FF), (0xA960, 0xA97C), (0xAC00, 0xAC40), (0xD7B0, 0xD7FB)),
        block((0x1E00, 0x1FFF), (0x2100, 0x218B), (0x2460, 0x24FF), (0xFB00, 0xFB4F)),
        block((0x3000, 0x30FF), (0x3200, 0x33FF), (0x4E00, 0x4E80), (0xFE30, 0xFFEF)),
        block((0x1D400, 0x1D7FF), (0x1F100, 0x1F1FF), (0x2F800, 0x2F850)),
        block((0x1F300, 0x1F6FF), (0x1F900, 0x1F9FF), (0xFE00, 0xFE0F), (0xE0020, 0xE007F)),
        block((0x10FFFE, 0x10FFFF), (0xE000, 0xE010), (0x1D165, 0x1D172), (0x11080, 0x110CD)),
        lambda generator: generator.choice(_WORDS),
    ]


def _mixture(generator: random.Random, pools: list[Callable[[random.Random], str]]) -> str:
    """A few pools each, so that what belongs to one script meets itself often."""
    chosen = generator.sample(pools, generator.randint(1, 4))
    length = generator.choice((2, 3, 5, 8, 16, 40))
    parts = (generator.choice(chosen)(generator) for _ in range(length))
    return generator.choice(("", "", " ")).join(parts)


def _surrogates(generator: random.Random) -> str:
    units = [generator.randint(0xD800, 0xDFFF) for _ in range(generator.randint(1, 4))]
    letters = [chr(unit) for unit in units] + generator.choices("ab é😀", k=3)
    generator.shuffle(letters)
    return "".join(letters)
