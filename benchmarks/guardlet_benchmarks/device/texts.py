"""Made-up prompts that fill one window to a given length."""

from __future__ import annotations

from bisect import bisect_right
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
    words = bisect_right(range(room + 1), room, key=lambda n: _tokens(encoder, _text(n))) - 1
    text = _filled(encoder, _text(words), room)
    return text, len(encoder.encode(text).windows[0].ids)


def _filled(encoder: Encoder, text: str, room: int) -> str:
    """`text` with whatever short words, or letters at its end, still fit."""
    while (have := _tokens(encoder, text)) < room:
        longer = (f"{text}{space}{word}".strip() for word in _FILLERS for space in (" ", ""))
        fitting = (text for text in longer if have < _tokens(encoder, text) <= room)
        if (found := next(fitting, None)) is None:
            return text
        text = found
    return text


def _text(words: int) -> str:
    return " ".join(islice(cycle(_WORDS.split()), words))


def _tokens(encoder: Encoder, text: str) -> int:
    return len(encoder.tokenize(text)[0])
