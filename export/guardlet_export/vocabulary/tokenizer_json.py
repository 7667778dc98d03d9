"""The vocabulary inside a Hugging Face tokenizer.json: what must stay, and the file without the
rest."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardlet_export.errors import VocabularyError

_BYTE_PIECE = re.compile(r"<0x[0-9A-Fa-f]{2}>")
_PLACEHOLDER = re.compile(r"\[unused\d+\]")
_MODELS = ("WordPiece", "Unigram")


@dataclass(frozen=True)
class Vocabulary:
    """A WordPiece or Unigram vocabulary. `tree` is the whole decoded file, `pieces` the text of
    each id, added tokens included."""

    tree: Mapping[str, Any]
    pieces: Mapping[int, str]

    @classmethod
    def parse(cls, tokenizer_json: str) -> Vocabulary:
        """Raises VocabularyError for another kind of tokenizer or a file that is malformed."""
        try:
            tree = json.loads(tokenizer_json)
            kind = tree["model"].get("type")
            if kind not in _MODELS:
                raise VocabularyError(
                    f"only {' and '.join(_MODELS)} vocabularies can be trimmed, and this "
                    f"tokenizer.json is {kind or 'of no named type'}; leave --keep-vocab out"
                )
            pieces = {id_: piece for piece, id_ in _entries(tree["model"])}
            pieces |= {token["id"]: token["content"] for token in tree.get("added_tokens") or ()}
            return cls(tree, pieces)
        except (ValueError, TypeError, LookupError, AttributeError):
            raise VocabularyError("tokenizer.json is malformed; get the model again") from None

    @property
    def _model(self) -> Mapping[str, Any]:
        model: Mapping[str, Any] = self.tree["model"]
        return model

    @property
    def _prefix(self) -> str | None:
        """What starts a WordPiece that continues a word; None for Unigram."""
        if self._model["type"] == "Unigram":
            return None
        return str(self._model.get("continuing_subword_prefix", "##"))

    def essential(self) -> frozenset[int]:
        """Ids that must stay so that no text which was readable becomes unreadable.

        They are all ids that the file itself refers to (added tokens, post-processor, padding,
        unknown), single characters in either form, byte pieces, and pieces with a character that
        has no piece of its own. For Unigram also one piece of the lowest score, because an
        unknown character scores 10 below it (`kUnkPenalty` of SentencePiece).
        """
        ids = {container[key] for container, key in _id_slots(self.tree)}
        unknown = [id_ for id_ in ids if id_ not in self.pieces]
        if unknown:
            raise VocabularyError(
                f"tokenizer.json refers to id {unknown[0]}, which it does not define"
            )
        known = frozenset(self.pieces.values())
        ids.update(id_ for id_, piece in self.pieces.items() if self._must_stay(piece, known))
        if self._model["type"] == "Unigram":
            scores = [score for _, score in self._model["vocab"]]
            ids.add(scores.index(min(scores)))
        return frozenset(ids)

    def by_frequency(self) -> list[int]:
        """All ids, the most frequent pieces first as far as the file tells: both kinds are
        numbered by frequency or score when they are trained. BERT's [unused0] and so on, which no
        text contains, come last."""
        return sorted(
            self.pieces, key=lambda id_: (bool(_PLACEHOLDER.fullmatch(self.pieces[id_])), id_)
        )

    def rewritten(self, kept: Sequence[int]) -> str:
        """tokenizer.json with the ids of `kept` alone, numbered 0, 1, ... in that order; `kept`
        ascends and holds the essential ids. Scores stay as they are."""
        new = {old: index for index, old in enumerate(kept)}
        tree = copy.deepcopy(dict(self.tree))
        for container, key in _id_slots(tree):
            container[key] = new[container[key]]
        entries = [(piece, id_) for piece, id_ in _entries(self._model) if id_ in new]
        if self._prefix is None:
            scores = self._model["vocab"]
            tree["model"]["vocab"] = [scores[id_] for _, id_ in entries]
        else:
            tree["model"]["vocab"] = {piece: new[id_] for piece, id_ in entries}
        return json.dumps(tree, ensure_ascii=False)

    def _must_stay(self, piece: str, known: frozenset[str]) -> bool:
        spelling = self._spelling(piece)
        return (
            len(spelling) < 2
            or not known.issuperset(spelling)
            or piece == self._model.get("unk_token")
            or bool(_BYTE_PIECE.fullmatch(piece))
        )

    def _spelling(self, piece: str) -> list[str]:
        """The pieces of one character that `piece` falls apart into, where all of them exist."""
        prefix = self._prefix
        if prefix is None:
            return list(piece)
        if piece.startswith(prefix):
            return [prefix + char for char in piece.removeprefix(prefix)]
        return [*piece[:1], *(prefix + char for char in piece[1:])]


def _entries(model: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Pieces and ids of the model's own vocabulary, by id."""
    if model["type"] == "Unigram":
        return [(piece, id_) for id_, (piece, _) in enumerate(model["vocab"])]
    return sorted(model["vocab"].items(), key=lambda entry: int(entry[1]))


def _id_slots(tree: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Every place outside the vocabulary that holds an id: a container and a key of it."""
    for token in tree.get("added_tokens") or ():
        yield token, "id"
    if tree.get("padding"):
        yield tree["padding"], "pad_id"
    if tree["model"].get("unk_id") is not None:
        yield tree["model"], "unk_id"
    if tree.get("post_processor"):
        yield from _processor_slots(tree["post_processor"])


def _processor_slots(processor: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    for step in processor.get("processors", ()):
        yield from _processor_slots(step)
    for token in processor.get("special_tokens", {}).values():
        for index in range(len(token["ids"])):
            yield token["ids"], index
    for name in ("cls", "sep"):
        if name in processor:
            yield processor[name], 1
