"""Which pieces stay: those a corpus uses, or the first of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from guardlet.encoder import Encoder
from guardlet_export.errors import VocabularyError
from guardlet_export.vocabulary.corpus import read_texts
from guardlet_export.vocabulary.tokenizer_json import Vocabulary

Keep = Path | int


@dataclass(frozen=True)
class Selection:
    """`ids`, ascending, and in words how they were chosen."""

    ids: tuple[int, ...]
    rule: str


def parse_keep(value: str) -> Keep:
    """A number of rows, or the path of a corpus. Raises VocabularyError when it is neither."""
    if value.isdecimal():
        return int(value)
    path = Path(value)
    if not path.is_file():
        raise VocabularyError(f"{value} is neither a number of rows nor a file of texts")
    return path


def select(
    keep: Keep, vocabulary: Vocabulary, encoder: Encoder, required: Iterable[int]
) -> Selection:
    """What `keep` asks for, and with it the essential and the `required` ids.

    Raises VocabularyError when `keep` is a number below what must stay or above what there is,
    DataError when it is a file that cannot be read.
    """
    always = vocabulary.essential() | set(required)
    unknown = sorted(always - vocabulary.pieces.keys())
    if unknown:
        raise VocabularyError(f"the input rules name id {unknown[0]}, which no token has")
    if isinstance(keep, int):
        return _first(keep, vocabulary, always)
    used = {id_ for text in read_texts(keep) for id_ in encoder.tokenize(text)[0]}
    rule = f"tokens used in {keep.name}, special tokens, single characters"
    return Selection(tuple(sorted(always | used)), rule)


def _first(count: int, vocabulary: Vocabulary, always: frozenset[int]) -> Selection:
    if not len(always) <= count <= len(vocabulary.pieces):
        raise VocabularyError(
            f"{count} rows cannot be kept: this vocabulary has {len(vocabulary.pieces)}, of which "
            f"{len(always)} must stay (special tokens, single characters)"
        )
    rest = [id_ for id_ in vocabulary.by_frequency() if id_ not in always]
    ids = always.union(rest[: count - len(always)])
    rule = f"special tokens, single characters, then the lowest ids up to {count} rows"
    return Selection(tuple(sorted(ids)), rule)
