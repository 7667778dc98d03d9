"""Whether a text is in a language the guard reads, from how its vocabulary splits the text.

The rule is specified in docs/bundle-format.md, section "Language".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tokenizers import Tokenizer, models

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


@dataclass(frozen=True)
class _Piece:
    """What a token tells: whether it belongs to a word, goes on one, is no English letter."""

    word: bool
    continues: bool
    foreign: bool


class LanguageDetector:
    """Tells texts the vocabulary was made for from others, token by token. Thread-safe."""

    def __init__(self, tokenizer: Tokenizer, rules: LanguageRules) -> None:
        """Raises ValueError when the tokenizer's model is neither WordPiece nor Unigram."""
        model = tokenizer.model
        looks = {models.WordPiece: _wordpiece, models.Unigram: _unigram}
        if type(model) not in looks:
            raise ValueError(f"no language rule is known for the model {type(model).__name__}")
        self._rules = rules
        # Looked at when a text has it: a vocabulary is large, and most of it is never met.
        self._piece = cache(looks[type(model)](model))

    def supports(self, ids: Sequence[int]) -> bool:
        """Whether the text of these tokens is one the guard reads."""
        pieces = [self._piece(token) for token in ids]
        foreign = sum(piece.foreign for piece in pieces)
        if foreign >= _FEWEST_FOREIGN and foreign / len(ids) >= self._rules.max_foreign:
            return False
        words = sum(piece.word for piece in pieces)
        if len(ids) < self._rules.min_tokens or not words:
            return True
        continuations = sum(piece.continues for piece in pieces)
        return continuations / words < self._rules.max_continuations


_UNKNOWN = _Piece(word=True, continues=False, foreign=True)
_MOST_IDS = 1 << 32  # a token's id has 32 bits
_IN_NO_VOCABULARY = "\U0010ffff"  # no character, and never will be one


def _wordpiece(model: Any) -> Callable[[int], _Piece]:
    prefix, unknown = model.continuing_subword_prefix, model.token_to_id(model.unk_token)

    def look(token: int) -> _Piece:
        if token == unknown:
            return _UNKNOWN
        piece = _spelling(model, token)
        return _piece(piece.removeprefix(prefix), piece.startswith(prefix))

    return look


def _unigram(model: Any) -> Callable[[int], _Piece]:
    unknown = _unknown_of_unigram(model)

    def look(token: int) -> _Piece:
        if token == unknown:
            return _UNKNOWN
        piece = _spelling(model, token)
        body = piece.removeprefix(_UNIGRAM_WORD_START)
        return _piece(body, body == piece)

    return look


def _unknown_of_unigram(model: Any) -> int | None:
    """Its `unk_id`, which the library shows only by tokenizing; None where no text comes to it."""
    try:
        tokens = model.tokenize(_IN_NO_VOCABULARY)
    except Exception:  # what the library raises when there is no unk_id
        return None
    return int(tokens[0].id) if len(tokens) == 1 else None


def _spelling(model: Any, token: int) -> str:
    return (model.id_to_token(token) or "") if token < _MOST_IDS else ""


def _piece(body: str, continues: bool) -> _Piece:
    word = any(map(str.isalpha, body))
    return _Piece(word, word and continues, word and len(body) == 1 and body > "\x7f")
