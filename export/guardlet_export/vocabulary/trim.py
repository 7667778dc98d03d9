"""A guard with fewer embedding rows, measured against the whole one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch

from guardlet.encoder import InputRules
from guardlet.vectors import Vector
from guardlet.verify import Tracker
from guardlet_export.errors import VocabularyError
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import TorchEngine
from guardlet_export.vectors import Case, golden_cases, record_vectors
from guardlet_export.vocabulary.corpus import read_texts
from guardlet_export.vocabulary.effect import changed_share, same_tokens, score_effect
from guardlet_export.vocabulary.selection import Keep, Selection, select
from guardlet_export.vocabulary.tokenizer_json import Vocabulary

_ROUNDING = 1e-5
_FLOAT32_BYTES = 4


def trim_vocabulary(
    guard: GuardFolder, reference: TorchEngine, keep: Keep, track: Tracker | None = None
) -> GuardFolder:
    """`guard` with the rows that `keep` names; slices `reference`'s embedding in place.

    Nothing is written: the folder keeps the whole guard. The result's provenance has a
    `vocabulary` object that says what was kept and what that changed over the golden vectors.
    Raises VocabularyError or DataError.
    """
    rows, width = reference.model.get_input_embeddings().weight.shape
    encoder, rules = guard.encoder(), guard.input
    vocabulary = Vocabulary.parse(guard.tokenizer_json)
    if max(vocabulary.pieces) >= rows:
        raise VocabularyError(
            f"tokenizer.json has id {max(vocabulary.pieces)} but the model only {rows} embedding "
            f"rows; get the model again"
        )
    special = {*rules.start, *rules.middle, *rules.end, rules.pad}
    selection = select(keep, vocabulary, encoder, special)
    trimmed = _renumbered(guard, vocabulary, selection)

    cases = golden_cases()
    before = _record(cases, guard, reference, track)
    slice_embedding(reference.model, selection.ids)
    after = _record(cases, trimmed, reference, track)
    _check(before, after, selection.ids)

    note: dict[str, Any] = {
        "kept": len(selection.ids),
        "of": rows,
        "rule": selection.rule,
        "embedding_mb": {
            "before": _megabytes(rows, width),
            "after": _megabytes(len(selection.ids), width),
        },
        "tokens_changed": {
            name: round(changed_share(texts, encoder, trimmed.encoder(), selection.ids), 6)
            for name, texts in _texts(cases, keep).items()
        },
        **score_effect(before, after),
    }
    provenance = guard.description["provenance"] | {"vocabulary": note}
    return replace(trimmed, description=trimmed.description | {"provenance": provenance})


def slice_embedding(model: Any, ids: Sequence[int]) -> None:
    """Leaves `model`, a Hugging Face classifier, the embedding rows `ids`, in that order."""
    weight = model.get_input_embeddings().weight.detach()
    rows = torch.nn.Embedding(len(ids), weight.shape[1], _weight=weight[list(ids)].clone())
    model.set_input_embeddings(rows.requires_grad_(False))
    model.config.vocab_size = len(ids)
    pad = getattr(model.config, "pad_token_id", None)
    model.config.pad_token_id = ids.index(pad) if pad in ids else None


def renumbered_rules(rules: InputRules, new: dict[int, int]) -> InputRules:
    """`rules` with each id replaced by `new` of it."""
    return replace(
        rules,
        start=tuple(new[id_] for id_ in rules.start),
        middle=tuple(new[id_] for id_ in rules.middle),
        end=tuple(new[id_] for id_ in rules.end),
        pad=new[rules.pad],
    )


def trimmed_version(version: str, kept: int) -> str:
    """`1.0.0` as `1.0.0-vocab16000`: the bundle format asks another tokenizer for another version,
    and verdicts name it."""
    return f"{version}{'.' if '-' in version else '-'}vocab{kept}"


def _renumbered(guard: GuardFolder, vocabulary: Vocabulary, selection: Selection) -> GuardFolder:
    new = {old: index for index, old in enumerate(selection.ids)}
    changed = {
        "input": asdict(renumbered_rules(guard.input, new)),
        "version": trimmed_version(guard.description["version"], len(new)),
    }
    return replace(
        guard,
        description=guard.description | changed,
        tokenizer_json=vocabulary.rewritten(selection.ids),
    )


def _texts(cases: list[Case], keep: Keep) -> dict[str, Iterable[str]]:
    golden = [text for case in cases for text in case.texts() if text]
    return {"golden": golden} | ({} if isinstance(keep, int) else {"corpus": read_texts(keep)})


def _megabytes(rows: int, width: int) -> float:
    return round(rows * width * _FLOAT32_BYTES / 1e6, 2)


def _record(
    cases: list[Case], guard: GuardFolder, reference: TorchEngine, track: Tracker | None
) -> list[Vector]:
    tracked = track(cases, "vocabulary", len(cases)) if track else cases
    return list(record_vectors(tracked, guard.encoder(), reference, guard.score))


def _check(before: list[Vector], after: list[Vector], kept: Sequence[int]) -> None:
    """A model may give an id a meaning beyond its row, as RoBERTa does to padding: then this
    fails."""
    for old, new in zip(before, after, strict=True):
        if same_tokens(old, new, kept) and abs(old.score - new.score) > _ROUNDING:
            raise VocabularyError(
                f"the model answers {old.id} differently although all its tokens were kept; "
                f"this architecture cannot be trimmed, leave --keep-vocab out"
            )
