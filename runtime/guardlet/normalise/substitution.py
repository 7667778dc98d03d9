"""Letters that stand for other letters: leetspeak and shifted alphabets. Nothing here raises."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from functools import cache

from guardlet.normalise.tables import leetspeak as leetspeak_letters
from guardlet.normalise.words import Words

_TOKEN = re.compile(r"[A-Za-z0-9@$!|+]+")
_MIXED = re.compile(r"[A-Za-z][0-9@$!|+]|[0-9@$|+][A-Za-z]")
_SHORTEST_LEET = 4
# A line's start is enough to tell its alphabet; this bounds the work on long ones.
_SAMPLE = 400
_MOST_LINES = 32
_FEWEST_LETTERS = 12


def leetspeak(text: str, words: Words) -> str:
    """Words with digits and signs among their letters, where that makes a word of the vocabulary.

    When a word of at least four characters does, all that mix letters and signs are read so.
    """
    if not _MIXED.search(text):
        return text
    readings: dict[str, str] = {}
    hit = False
    for token in set(_TOKEN.findall(text)):
        token = token.rstrip("!|+")
        if not _MIXED.search(token) or token in words:
            continue
        first, second = _unleet(token)
        found = next((r for r in (first, second) if r in words), None)
        hit = hit or (found is not None and len(token) >= _SHORTEST_LEET)
        readings[token] = found or first

    def read(match: re.Match[str]) -> str:
        token = match[0].rstrip("!|+")
        return readings.get(token, token) + match[0][len(token) :]

    return _TOKEN.sub(read, text) if hit else text


def caesar(text: str, words: Words) -> str:
    """Lines in which few letters belong to known words, shifted along the alphabet (by 13 for
    rot13) to where most do."""
    lines = text.split("\n")
    tried = 0
    for number, line in enumerate(lines):
        sample = line[:_SAMPLE]
        known, total = words.letters(sample)
        if total < _FEWEST_LETTERS or 5 * known >= 2 * total:
            continue
        tried += 1
        if tried > _MOST_LINES:
            break
        shift = max(range(1, 26), key=lambda by: words.letters(_shifted(sample, by))[0])
        if words.plausible(_shifted(sample, shift)):
            lines[number] = _shifted(line, shift)
    return "\n".join(lines)


def _unleet(token: str) -> Iterator[str]:
    """Both readings: the first letter of every sign, and the second of those that have one."""
    letters = leetspeak_letters()
    for choice in (0, -1):
        yield "".join(letters[char][choice] if char in letters else char for char in token)


def _shifted(text: str, by: int) -> str:
    return text.translate(_alphabet(by))


@cache
def _alphabet(by: int) -> dict[int, int]:
    """Maps each ASCII letter to the one `by` places on."""
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    moved = lower[by:] + lower[:by] + upper[by:] + upper[:by]
    return str.maketrans(lower + upper, moved)
