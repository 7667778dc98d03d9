"""Whether a text is in a language the guard reads, from how its vocabulary splits the text.

The rule is specified in docs/bundle-format.md, section "Language".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_UNIGRAM_WORD_START = "\u2581"
# One unknown token may be an emoji at the end of a short English message.
_FEWEST_FOREIGN = 2


@dataclass(frozen=True)
class LanguageRules:
    """The manifest's `input.language` object: two shares of a text's tokens, each from 0 to 1.

    `max_continuations` counts only for texts of at least `min_tokens` tokens.
    """

    min_tokens: int
    max_foreign: float
    max_continuations: float

    def __post_init__(self) -> None:
        shares = (self.max_foreign, self.max_continuations)
        if self.min_tokens < 2 or not all(0 <= share <= 1 for share in shares):
            raise ValueError("language: min_tokens must be at least 2, both shares from 0 to 1")


class LanguageDetector:
    """Tells texts the vocabulary was made for from others, token by token. Thread-safe."""

    def __init__(self, tokenizer_json: str, rules: LanguageRules) -> None:
        """Raises ValueError when the tokenizer's model is neither WordPiece nor Unigram."""
        model = json.loads(tokenizer_json)["model"]
        unigram = isinstance(model["vocab"], list)
        if not unigram and model.get("type", "WordPiece") != "WordPiece":
            raise ValueError(f"no language rule is known for the model {model['type']}")
        pieces = list(_unigram(model) if unigram else _wordpiece(model))
        words = [piece for piece in pieces if any(map(str.isalpha, piece[1]))]
        unknown = {model["unk_id"] if unigram else model["vocab"].get(model["unk_token"])}
        self._rules = rules
        self._words = {token for token, _, _ in words} | unknown
        self._continuations = {token for token, _, continues in words if continues} - unknown
        self._foreign = {t for t, body, _ in words if len(body) == 1 and body > "\x7f"} | unknown

    def supports(self, ids: Sequence[int]) -> bool:
        """Whether the text of these tokens is one the guard reads."""
        foreign = sum(token in self._foreign for token in ids)
        if foreign >= _FEWEST_FOREIGN and foreign / len(ids) >= self._rules.max_foreign:
            return False
        words = sum(token in self._words for token in ids)
        if len(ids) < self._rules.min_tokens or not words:
            return True
        continuations = sum(token in self._continuations for token in ids)
        return continuations / words < self._rules.max_continuations


def _wordpiece(model: Any) -> Iterable[tuple[int, str, bool]]:
    """Id and body of every piece, and whether it continues a word."""
    prefix = model["continuing_subword_prefix"]
    for piece, token in model["vocab"].items():
        yield token, piece.removeprefix(prefix), piece.startswith(prefix)


def _unigram(model: Any) -> Iterable[tuple[int, str, bool]]:
    for token, (piece, _) in enumerate(model["vocab"]):
        body = piece.removeprefix(_UNIGRAM_WORD_START)
        yield token, body, body == piece
