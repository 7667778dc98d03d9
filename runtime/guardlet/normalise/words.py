"""Whether a decoding looks like text the guard can read: the share of whole vocabulary words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

SHORTEST = 3
_RUN = re.compile(rf"[A-Za-z]{{{SHORTEST},}}")
_WORD = re.compile(rf"[a-z]{{{SHORTEST},}}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_FEWEST_LETTERS = 6


class Words:
    """The words of a tokenizer's vocabulary: at least three ASCII letters, in lower case."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)

    @classmethod
    def of_vocabulary(cls, vocabulary: Collection[str]) -> Words:
        """From a vocabulary's entries. Those that start a word are marked by the lack of "##"
        (WordPiece), by a "\u2581" (SentencePiece) or by a "\u0120" (byte-level BPE)."""
        if any(entry.startswith("##") for entry in vocabulary):
            starts: Iterable[str] = (e for e in vocabulary if not e.startswith("##"))
        else:
            marks = [m for m in ("\u2581", "\u0120") if any(e.startswith(m) for e in vocabulary)]
            mark = marks[0] if marks else ""
            starts = (e.removeprefix(mark) for e in vocabulary if e.startswith(mark))
        return cls(word for e in starts if _WORD.fullmatch(word := e.lower()))

    def __contains__(self, word: str) -> bool:
        return word.lower() in self._words

    def letters(self, text: str) -> tuple[int, int]:
        """ASCII letters of `text` in known words, and in all runs of at least three letters."""
        words, known, total = self._words, 0, 0
        for run in _RUN.findall(text):
            total += len(run)
            if run.lower() in words:
                known += len(run)
        return known, total

    def plausible(self, text: str) -> bool:
        """Whether `text` could be what somebody hid: six known letters at least, three in five
        letters in known words, no control code."""
        known, total = self.letters(text)
        return known >= _FEWEST_LETTERS and 5 * known >= 3 * total and not _CONTROL.search(text)
