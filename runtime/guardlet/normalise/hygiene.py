"""Characters that are not what they look like: hidden, wide, or of another script.

Each function takes a text and gives it with those characters replaced; none of them raises. Applied
in the order of this file they are idempotent.
"""

from __future__ import annotations

import re
import unicodedata

from guardlet.normalise.tables import TAG_OFFSET, TAGS, homoglyphs, invisible
from guardlet.normalise.words import Words

_TAG = re.compile(f"[{chr(TAGS[0])}-{chr(TAGS[-1])}]")
_LETTERS = re.compile(r"[^\W\d_]+")
_WIDE = re.compile("[^\x00-\x7f]")
_FULL_WIDTH_SIGNS = {point: point - 0xFEE0 for point in range(0xFF01, 0xFF5F)}


def tag_characters(text: str, _: Words) -> str:
    """U+E0020 to U+E007E as the ASCII characters that they are invisible copies of."""
    if text.isascii():
        return text
    return _TAG.sub(lambda match: chr(ord(match[0]) - TAG_OFFSET), text)


def zero_width(text: str, _: Words) -> str:
    """Without the characters that are never drawn."""
    return text if text.isascii() else text.translate(invisible())


def full_width(text: str, _: Words) -> str:
    """Full-width and styled (mathematical, circled, ...) letters and digits as ASCII: characters
    whose NFKC is only that. Beside them full-width signs as well, which are ordinary in Chinese."""
    if text.isascii():
        return text
    narrowed = _WIDE.sub(_narrow, text)
    return text if narrowed == text else narrowed.translate(_FULL_WIDTH_SIGNS)


def homoglyph(text: str, _: Words) -> str:
    """Letters of other scripts that are drawn like ASCII ones, as those, where a word mixes both.

    A word is a run of letters. When one mixes ASCII letters and look-alikes and has no others,
    every word made of nothing else is folded.
    """
    if text.isascii():
        return text
    table = homoglyphs()
    mixed = False

    def fold(match: re.Match[str]) -> str:
        nonlocal mixed
        word = match[0]
        if word.isascii():
            return word
        folded = word.translate(table)
        if not folded.isascii():
            return word
        mixed = mixed or any(char.isascii() for char in word)
        return folded

    folded = _LETTERS.sub(fold, text)
    return folded if mixed else text


def _narrow(match: re.Match[str]) -> str:
    plain = unicodedata.normalize("NFKC", match[0])
    return plain if plain.isascii() and plain.isalnum() else match[0]
