"""The text of a stream: whole code points, pieces that no longer change, and what a full check
needs of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardlet.encoder import replace_lone_surrogates

MAX_PIECE = 32
"""Longest piece, in code points; a text without white space is cut there."""

_PIECE = re.compile("[ \t\n\r]*[^ \t\n\r]*")
_HIGH_SURROGATES = "\ud800", "\udbff"


class SurrogateJoiner:
    """Puts together surrogate pairs that came in two chunks; unpaired ones become U+FFFD."""

    def __init__(self, held: str = "") -> None:
        self.held = held

    def join(self, chunk: str) -> str:
        """What of the chunks so far is certain and was not given out yet."""
        text = self.held + chunk
        low, high = _HIGH_SURROGATES
        self.held = text[-1] if text and low <= text[-1] <= high else ""
        return replace_lone_surrogates(text[: len(text) - len(self.held)])


class Pieces:
    """Cuts a text into pieces that depend on the text alone, not on how it was chunked.

    A piece is white space (space, tab, line feed, carriage return), if any, and then a word: all up
    to the next white space, and MAX_PIECE code points at most. It is given out once it cannot grow.
    """

    def __init__(self, rest: str = "") -> None:
        self.rest = rest

    def add(self, text: str) -> Iterator[str]:
        """Pieces that are whole now. To be used up: the rest is kept for the next call."""
        text, begin = self.rest + text, 0
        while True:
            match = _PIECE.match(text, begin, begin + MAX_PIECE)
            end = match.end() if match else begin
            if end - begin < MAX_PIECE and end == len(text):
                break
            yield text[begin:end]
            begin = end
        self.rest = text[begin:]


class KeptText:
    """All of a text, or so much of its head and tail that a check of it comes to the same.

    A check reads the first and last `max_chars // 2` code points of a text that has more than
    `max_chars`. Of such a text one code point more than `max_chars` is given back, so that it still
    counts as cut. Holds at most 2 * `max_chars` + 1 code points and the last addition.
    """

    def __init__(self, max_chars: int, text: str = "") -> None:
        self._head_room = max_chars // 2
        self._tail_room = max_chars + 1 - self._head_room
        self._head: list[str] = []
        self._tail: list[str] = []
        self._tail_size = 0
        self.add(text)

    def add(self, text: str) -> None:
        head, rest = text[: self._head_room], text[self._head_room :]
        if head:
            self._head.append(head)
            self._head_room -= len(head)
        if rest:
            self._tail.append(rest)
            self._tail_size += len(rest)
        # Only then, so that what is copied stays in proportion to what was added.
        if self._tail_size > 2 * self._tail_room:
            self._tail = [self._end()]
            self._tail_size = self._tail_room

    def _end(self) -> str:
        return "".join(self._tail)[-self._tail_room :]

    def __str__(self) -> str:
        return "".join(self._head) + self._end()
