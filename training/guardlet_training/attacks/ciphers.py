"""The whole text in another code."""

from __future__ import annotations

import base64
import random
import string

from guardlet.normalise.tables import morse as morse_codes
from guardlet_training.attacks.transform import Transform

_LETTERS = string.ascii_lowercase
_CIPHERCHAT = "CipherChat, arXiv 2308.06463"
_JAILBROKEN = "Jailbroken, arXiv 2307.02483"


def to_base64(text: str, _: random.Random) -> str:
    return base64.b64encode(_bytes(text)).decode("ascii")


def to_hex(text: str, _: random.Random) -> str:
    return _bytes(text).hex()


def to_rot13(text: str, _: random.Random) -> str:
    return shift(text, 13)


def to_caesar(text: str, rng: random.Random) -> str:
    """By any shift but 13, which has a name of its own."""
    return shift(text, rng.choice([by for by in range(1, 26) if by != 13]))


def to_morse(text: str, _: random.Random) -> str:
    """Letters set apart by a space, words by " / "; what Morse code lacks is left out."""
    codes = morse_codes()
    words = ([codes[char] for char in word if char in codes] for word in text.lower().split())
    return " / ".join(" ".join(word) for word in words if word)


def shift(text: str, by: int) -> str:
    """ASCII letters `by` places on in the alphabet, capitals kept."""
    moved = _LETTERS[by:] + _LETTERS[:by]
    return text.translate(str.maketrans(_LETTERS + _LETTERS.upper(), moved + moved.upper()))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


CIPHERS = (
    Transform("base64", "all of it in base64", _JAILBROKEN, to_base64),
    Transform("hex", "UTF-8 bytes as hexadecimal digits", _CIPHERCHAT, to_hex),
    Transform("rot13", "letters 13 places on", _JAILBROKEN, to_rot13),
    Transform("caesar", "letters some other number of places on", _CIPHERCHAT, to_caesar),
    Transform("morse", "dots and dashes", _CIPHERCHAT, to_morse),
)
