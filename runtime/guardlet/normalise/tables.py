"""The tables of the stage, as data that every language reads: the JSON files beside this module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

TAGS = range(0xE0020, 0xE007F)
TAG_OFFSET = 0xE0000


@cache
def homoglyphs() -> Mapping[int, str]:
    """Code point of a letter drawn like an ASCII letter to that letter."""
    return {ord(letter): like for letter, like in _read("homoglyphs.json")["letters"].items()}


@cache
def invisible() -> Mapping[int, None]:
    """Code points that are never drawn, as `str.translate` deletes them."""
    spans = [(int(a, 16), int(b, 16)) for a, b in _read("invisible.json")["ranges"]]
    return {point: None for first, last in spans for point in range(first, last + 1)}


@cache
def leetspeak() -> Mapping[str, str]:
    """A digit or sign to the one or two letters it stands for, the likelier first."""
    letters: Mapping[str, str] = _read("leetspeak.json")["letters"]
    return letters


@cache
def morse() -> Mapping[str, str]:
    """A lower-case letter, digit or sign to its dots and dashes."""
    codes: Mapping[str, str] = _read("morse.json")["codes"]
    return codes


def _read(name: str) -> Any:
    return json.loads(files("guardlet.normalise").joinpath(name).read_text(encoding="utf-8"))
