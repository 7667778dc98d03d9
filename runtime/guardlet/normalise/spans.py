"""Encoded stretches inside a text: base64, hexadecimal, Morse and letters set apart.

Each function gives the text with every stretch that decodes plausibly replaced by its decoding, and
the text itself when there is none. None of them raises; all take linear time.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import cache

from guardlet.normalise.tables import morse as morse_codes
from guardlet.normalise.words import Words

_BASE64_SIGN = r"[A-Za-z0-9+/_-]"
_BASE64 = re.compile(
    rf"(?:(?:{_BASE64_SIGN}{{60,}}+\r?\n)+{_BASE64_SIGN}+|{_BASE64_SIGN}{{16,}}+)={{0,2}}"
)
_HEX_TOGETHER = r"(?:0x)?(?:[0-9A-Fa-f]{2}){8,}"
_HEX_BYTE = r"(?:0x|\\x|%)?[0-9A-Fa-f]{2}"
_HEX_APART = rf"(?:{_HEX_BYTE}(?:[ ,:]{{1,2}}|(?=[\\%]))){{7,}}{_HEX_BYTE}"
_HEX = re.compile(rf"(?<![0-9A-Za-z])(?:{_HEX_TOGETHER}|{_HEX_APART})(?![0-9A-Za-z])")
_HEX_SIGNS = re.compile(r"0x|[^0-9A-Fa-f]")
_MORSE_GAP = r"(?: {1,7}| ?[/|] ?|\r?\n)"
_MORSE = re.compile(rf"(?<![^\s/|])[.\-]{{1,6}}(?:{_MORSE_GAP}[.\-]{{1,6}}){{5,}}(?![^\s/|])")
_MORSE_WORDS = re.compile(r" ?[/|] ?| {2,}|\r?\n")
_MORSE_SIGNS = str.maketrans("\u00b7\u2022\u2212\u2013\u2014", "..---")
_FEWEST_MORSE_SIGNS = 10
_APART = re.compile(r"(?<!\S)\S(?: {1,4}\S(?!\S)){5,}")
_APART_WORDS = re.compile(r" {2,}")
_POINTED = re.compile(r"(?<![^\W_])[^\W_](?:[.\-_*][^\W_](?![^\W_]))+")


def base64_text(text: str, words: Words) -> str:
    """Runs of at least 16 characters of either base64 alphabet, over several lines as well."""

    def decode(match: re.Match[str]) -> str | None:
        kept = "".join(match[0].split()).rstrip("=").translate(str.maketrans("-_", "+/"))
        if len(kept) % 4 == 1:
            return None
        return _utf8(base64.b64decode(kept + "=" * (-len(kept) % 4)))

    return _replace(_BASE64, text, decode, words)


def hexadecimal(text: str, words: Words) -> str:
    """At least eight bytes as pairs of hexadecimal digits, together or set apart, with or without
    `0x`, `\\x` or `%`."""
    return _replace(_HEX, text, lambda m: _utf8(bytes.fromhex(_HEX_SIGNS.sub("", m[0]))), words)


def morse(text: str, words: Words) -> str:
    """At least six letters of Morse code, words set apart by `/`, `|`, two spaces or a line end."""
    signed = text if text.isascii() else text.translate(_MORSE_SIGNS)
    if signed.count("-") + signed.count(".") < _FEWEST_MORSE_SIGNS:
        return text
    decoded = _replace(_MORSE, signed, lambda match: _from_morse(match[0]), words)
    return text if decoded == signed else decoded


def spaced_letters(text: str, words: Words) -> str:
    """At least six letters set apart by single spaces, words by more; or the letters of words set
    apart by `.`, `-`, `_` or `*`."""
    joined = _replace(
        _APART,
        text,
        lambda m: " ".join("".join(w.split()) for w in _APART_WORDS.split(m[0])),
        words,
    )
    pointed = _POINTED.sub(lambda match: match[0][::2], joined)
    # Abbreviations have points as well: the words must show as a whole that letters were set apart.
    if len(joined) - len(pointed) >= 8 and words.letters(pointed)[0] > words.letters(joined)[0]:
        return pointed
    return joined


def _replace(
    pattern: re.Pattern[str],
    text: str,
    decode: Callable[[re.Match[str]], str | None],
    words: Words,
) -> str:
    def replacement(match: re.Match[str]) -> str:
        decoded = decode(match)
        return decoded if decoded is not None and words.plausible(decoded) else match[0]

    return pattern.sub(replacement, text)


def _utf8(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _from_morse(code: str) -> str | None:
    letters = _morse_letters()
    words = [word.split() for word in _MORSE_WORDS.split(code)]
    if any(sign not in letters for word in words for sign in word):
        return None
    return " ".join("".join(letters[sign] for sign in word) for word in words)


@cache
def _morse_letters() -> dict[str, str]:
    return {code: letter for letter, code in morse_codes().items()}
