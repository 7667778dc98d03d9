"""A model's answer cut to the one instruction in it."""

from __future__ import annotations

import re

_QUOTES = {'"': '"', "“": "”", "«": "»", "`": "`", "'": "'", "‘": "’"}
_MARKS = r"(?:(?:[-*•>#]+|\(?\d{1,3}[.):])\s+|\*\*|__)*"
_KIND = r"(?:(?:new|example|harmful|creative) )?(?:instruction|prompt|sentence|request|idea)"
_LABEL = re.compile(rf"{_MARKS}(?:{_KIND}(?: \d{{1,3}})?(?:\*\*)?:)?{_MARKS}\s*", re.IGNORECASE)
_YES = r"(?:sure|certainly|of course|okay|ok|absolutely)"
_PREAMBLE = re.compile(
    rf"(?:{_YES}[,.!]?\s+)?(?:here(?:['’]s| is| are)|this is|i have)\b[^\n.!?:]{{0,120}}:\s*"
    rf"|{_YES}[.!:]\s+",
    re.IGNORECASE,
)
# An end of a sentence is followed by something that is not a lower-case letter.
_END = re.compile(r"[.!?]+[\"”’')\]*]*(?=\s+[\"“‘'(\[*]*[^\sa-z])|[。！？]")
_SHORT_FORM = re.compile(
    r"\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|no|inc|ltd|co|etc|approx|(?:[a-z]\.)*[a-z])\.$",
    re.IGNORECASE,
)
_FEWEST_QUOTED = 4


def instruction(text: str) -> str:
    """The quoted text an answer begins with, or else its first sentence; "" when there is none.

    A preamble ("Sure, here is a prompt:"), numbering, bullets, bold marks and quotes around it are
    cut, and so is everything after it.
    """
    rest = _unlabelled(text.strip())
    preamble = _PREAMBLE.match(rest)
    if preamble and preamble.end() < len(rest):
        rest = _unlabelled(rest[preamble.end() :])
    plain = _quoted(rest) or _first_sentence(rest.partition("\n")[0])
    return " ".join(re.sub(r"\*\*|__", "", plain).split()).rstrip("* ")


def _unlabelled(text: str) -> str:
    found = _LABEL.match(text)
    return text[found.end() :] if found else text


def _quoted(text: str) -> str:
    """What is between quotes at the very beginning, also when they are never closed; "" when they
    hold so few words that they are a part of the sentence."""
    closing = _QUOTES.get(text[:1])
    if closing is None:
        return ""
    line = text[1:].partition("\n")[0]
    end = re.search(rf"{re.escape(closing)}(?!\w)", line)
    if end is None:
        return line
    inside = line[: end.start()]
    return inside if len(inside.split()) >= _FEWEST_QUOTED else ""


def _first_sentence(line: str) -> str:
    ends = (end.end() for end in _END.finditer(line))
    return next((line[:end] for end in ends if not _SHORT_FORM.search(line[:end])), line)
