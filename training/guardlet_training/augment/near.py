"""Finding near-duplicate texts: MinHash signatures in a locality-sensitive index."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np

_WORD = re.compile(r"\w+")
_PERMUTATIONS = 128
_FOUND = 0.98  # of the pairs right at the threshold; nearer ones are found more surely
_DOUBT = 0.2  # about five standard deviations of a similarity estimated from signatures


def words(text: str) -> list[str]:
    """The words of a text, case folded."""
    return _WORD.findall(text.casefold())


def shingles(text: str) -> frozenset[str]:
    """Words and word pairs, case folded: the terms `guardlet_training.overlap` counts too."""
    found = words(text)
    return frozenset([*found, *map(" ".join, pairwise(found))])


class NearIndex:
    """Texts under a key each; asks which of them a new text nearly repeats.

    Two texts are near when the Jaccard similarity of their shingles is at least `threshold`. What
    the index offers is compared exactly, so nothing below the threshold is found; of pairs right
    at it one in fifty is missed. The same texts in the same order give the same answers everywhere.
    """

    def __init__(self, threshold: float) -> None:
        """`threshold` is between 0 and 1, both excluded."""
        from datasketch import MinHash, MinHashLSH

        self._threshold = threshold
        self._empty = MinHash(_PERMUTATIONS)
        self._index = MinHashLSH(num_perm=_PERMUTATIONS, params=_bands(threshold))
        self._texts: list[str] = []
        self._kinds: list[str] = []
        self._signatures = np.empty((1024, _PERMUTATIONS), self._empty.hashvalues.dtype)

    def add(self, text: str, kind: str) -> None:
        """Keeps a text; `kind` is what `find` answers for it."""
        number, signature = len(self._texts), self._signature(shingles(text))
        if number == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.empty_like(self._signatures)])
        self._signatures[number] = signature.hashvalues
        self._index.insert(number, signature)
        self._texts.append(text)
        self._kinds.append(kind)

    def find(self, text: str) -> set[str]:
        """The kinds of the texts that `text` is near to."""
        terms = shingles(text)
        return {
            self._kinds[number]
            for number in self._candidates(terms)
            if _jaccard(terms, shingles(self._texts[number])) >= self._threshold
        }

    def _candidates(self, terms: frozenset[str]) -> list[int]:
        """Those of the index whose signatures do not tell at once that they are far."""
        signature = self._signature(terms)
        numbers = np.array(self._index.query(signature), dtype=np.intp)
        estimates = (self._signatures[numbers] == signature.hashvalues).mean(axis=1)
        near: list[int] = numbers[estimates >= self._threshold - _DOUBT].tolist()
        return near

    def _signature(self, terms: frozenset[str]) -> Any:
        signature = self._empty.copy()
        signature.update_batch([term.encode("utf-8", "surrogatepass") for term in terms])
        return signature


def _bands(threshold: float) -> tuple[int, int]:
    """How many bands of how many rows each: the longest that still find `_FOUND` of the pairs."""
    for rows in range(_PERMUTATIONS, 1, -1):
        bands = _PERMUTATIONS // rows
        if 1 - (1 - threshold**rows) ** bands >= _FOUND:
            return bands, rows
    return _PERMUTATIONS, 1


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0
