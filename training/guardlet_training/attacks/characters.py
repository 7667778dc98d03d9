"""The same text in other characters: a reader still reads it, a tokenizer no longer does."""

from __future__ import annotations

import random
from functools import cache

from guardlet.normalise.tables import TAG_OFFSET, homoglyphs, leetspeak
from guardlet_training.attacks.transform import Transform

_UNICODE = "Unicode UTS #39 and UAX #15"
_CARRIER = "Please sum up the following note."
_ZERO_WIDTH = "\u200b\u200c\u200d\u2060"
_LEET_SHARE, _HOMOGLYPH_SHARE = 0.8, 0.8


def to_leetspeak(text: str, rng: random.Random) -> str:
    """Most letters that have a look-alike digit or sign as that."""
    signs = _leet_signs()
    return "".join(
        rng.choice(signs[char.lower()])
        if char.lower() in signs and rng.random() < _LEET_SHARE
        else char
        for char in text
    )


def to_full_width(text: str, _: random.Random) -> str:
    """Printable ASCII as U+FF01 to U+FF5E; spaces stay."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def to_zero_width(text: str, rng: random.Random) -> str:
    """A character that is never drawn after each other one."""
    return "".join(char + rng.choice(_ZERO_WIDTH) for char in text)


def to_homoglyph(text: str, rng: random.Random) -> str:
    """Most letters that have a look-alike in another script as that."""
    alike = _look_alikes()
    return "".join(
        rng.choice(alike[char]) if char in alike and rng.random() < _HOMOGLYPH_SHARE else char
        for char in text
    )


def to_tag_characters(text: str, _: random.Random) -> str:
    """A harmless line that carries the text as invisible tag characters."""
    hidden = "".join(chr(ord(char) + TAG_OFFSET) for char in text if " " <= char <= "~")
    return f"{_CARRIER} {hidden}"


def to_spaced_letters(text: str, _: random.Random) -> str:
    """A space after each character, those between words included."""
    return " ".join(text)


@cache
def _leet_signs() -> dict[str, list[str]]:
    """Digits and signs of each letter, from what they stand for first."""
    signs: dict[str, list[str]] = {}
    for sign, letters in leetspeak().items():
        if sign.isdigit():
            signs.setdefault(letters[0], []).append(sign)
    return signs


@cache
def _look_alikes() -> dict[str, list[str]]:
    alike: dict[str, list[str]] = {}
    for point, letter in homoglyphs().items():
        alike.setdefault(letter, []).append(chr(point))
    return alike


CHARACTERS = (
    Transform("leetspeak", "digits for letters", "Jailbroken, arXiv 2307.02483", to_leetspeak),
    Transform("full_width", "full-width forms of ASCII", _UNICODE, to_full_width),
    Transform("zero_width", "invisible characters between letters", _UNICODE, to_zero_width),
    Transform("homoglyph", "look-alike letters of other scripts", _UNICODE, to_homoglyph),
    Transform(
        "tag_characters",
        "invisible tag characters after a harmless line",
        "ASCII smuggling, Unicode block Tags",
        to_tag_characters,
    ),
    Transform(
        "spaced_letters",
        "a space after every character",
        "CyberSecEval 2, arXiv 2404.13161 (token smuggling)",
        to_spaced_letters,
    ),
)
