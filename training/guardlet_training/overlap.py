"""Finding training prompts that repeat or nearly repeat evaluation prompts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

_CHUNK = 2048
_WORD = re.compile(r"\w")


def overlapping(
    train: Sequence[str], evaluation: Sequence[str], threshold: float = 0.8
) -> set[int]:
    """Indices of `train` texts whose TF-IDF cosine to some evaluation text is >= `threshold`.

    Terms are words and word pairs, case folded, fitted on both sides together.
    """
    if not any(map(_WORD.search, train)) or not any(map(_WORD.search, evaluation)):
        return set()
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", dtype=np.float32)
    vectorizer.fit([*train, *evaluation])
    held = vectorizer.transform(list(dict.fromkeys(evaluation))).T.tocsc()
    found: set[int] = set()
    for begin in range(0, len(train), _CHUNK):
        similarity = vectorizer.transform(train[begin : begin + _CHUNK]) @ held
        best = np.asarray(similarity.max(axis=1).todense()).ravel()
        found.update(int(begin + i) for i in np.flatnonzero(best >= threshold))
    return found
