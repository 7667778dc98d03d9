"""Made-up prompts that fill one window to a given length."""

from __future__ import annotations

from itertools import cycle, islice

from guardlet.encoder import Encoder
from guardlet.errors import InputError

_WORDS = (
    "the old river runs past a small town where people sell bread and read long letters "
    "about winter gardens while children ask why boats never stay in one harbour"
)
_FILLERS = ("a", "to", "in", ".", "1")


def prompt_of(encoder: Encoder, tokens: int) -> tuple[str, int]:
    """A prompt whose one window has `tokens` tokens, special ones included, and that number; the
    number is a little smaller where the tokenizer cannot meet it.

    Raises InputError when `tokens` is more than a window holds or leaves no room for text.
    """
    rules = encoder.rules
    room = tokens - len(rules.start) - len(rules.end)
    if tokens > rules.max_tokens or room < 1:
        raise InputError(
            f"no window of {tokens} tokens: this bundle's have at most {rules.max_tokens}"
        )
    text = ""
    for word in islice(cycle(_WORDS.split()), room):
        longer = f"{text} {word}".strip()
        if len(encoder.tokenize(longer)[0]) > room:
            break
        text = longer
    text = _filled(encoder, text, room)
    return text, len(encoder.encode(text).windows[0].ids)


def _filled(encoder: Encoder, text: str, room: int) -> str:
    """`text` with whatever short words still fit."""
    while (have := len(encoder.tokenize(text)[0])) < room:
        for word in _FILLERS:
            longer = f"{text} {word}".strip()
            if have < len(encoder.tokenize(longer)[0]) <= room:
                text = longer
                break
        else:
            return text
    return text
