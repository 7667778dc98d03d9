"""A plain Hugging Face classifier as a guard: what guard.json would say, from its config, its
tokenizer and a few options."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from guardlet_export.errors import ModelError, UnsupportedModelError
from guardlet_export.guard_folder import HARMFUL_INDEX, GuardFolder, uncalibrated
from guardlet_export.reference import uses_type_ids
from guardlet_export.tokenizer import Lengths, freeze_tokenizer, input_rules, usable_positions

_MOST_TOKENS = 512
_LABELS = range(2, 17)


@dataclass(frozen=True)
class About:
    """What a plain model does not say itself; None means the default, see docs/export.md.

    Lengths are in tokens, except `max_chars`, in code points.
    """

    name: str | None = None
    version: str | None = None
    license: str | None = None
    description: str | None = None
    languages: tuple[str, ...] | None = None
    harmful_index: int | None = None
    max_tokens: int | None = None
    stride: int | None = None
    max_windows: int | None = None
    prompt_budget: int | None = None
    max_chars: int | None = None

    @property
    def given(self) -> tuple[str, ...]:
        return tuple(name for name, value in vars(self).items() if value is not None)


NOTHING = About()


def describe(source: str, model: Any, about: About) -> GuardFolder:
    """The guard that `model`, loaded from the folder or hub id `source`, makes.

    Raises ModelError when its labels, tokenizer or lengths fit no guard.
    """
    config = model.config
    labels = _labels(source, config)
    harmful = HARMFUL_INDEX if about.harmful_index is None else about.harmful_index
    if not 0 <= harmful < len(labels):
        raise ModelError(f"harmful index {harmful} is none of the labels {_listed(labels)}")
    tokenizer_json = freeze_tokenizer(source)
    _check_vocabulary(source, tokenizer_json, config)
    lengths = _lengths(config, about)
    name = about.name or _slug(source)
    title = source if not Path(source).is_dir() else Path(source).resolve().name
    license = about.license or "NOASSERTION"
    rules = input_rules(tokenizer_json, lengths, uses_type_ids(config))
    description = {
        "name": name,
        "version": about.version or "1.0.0",
        "license": license,
        "description": about.description
        or f"{title} as a guard; {labels[harmful]} (label {harmful}) is harmful.",
        "languages": about.languages or ("und",),
        "sources": [{"name": title, "license": license}],
        "labels": labels,
        "input": asdict(rules),
        "score": asdict(uncalibrated(harmful)),
        "provenance": {"model": title, "revision": getattr(config, "_commit_hash", None)},
    }
    return GuardFolder(Path(source), description, tokenizer_json)


def _labels(source: str, config: Any) -> tuple[str, ...]:
    if config.num_labels not in _LABELS:
        raise ModelError(
            f"{source} has {config.num_labels} labels; a guard needs {_LABELS[0]} to {_LABELS[-1]}"
        )
    if getattr(config, "problem_type", None) == "multi_label_classification":
        raise UnsupportedModelError(
            f"{source} scores each label on its own (multi_label_classification); a guard needs "
            f"labels that exclude each other"
        )
    return tuple(str(config.id2label.get(i, i)) for i in range(config.num_labels))


def _check_vocabulary(source: str, tokenizer_json: str, config: Any) -> None:
    largest = max(Tokenizer.from_str(tokenizer_json).get_vocab().values(), default=-1)
    if largest >= config.vocab_size:
        raise ModelError(
            f"the tokenizer of {source} has ids up to {largest}, its model {config.vocab_size} "
            f"embeddings: they do not belong together"
        )


def _lengths(config: Any, about: About) -> Lengths:
    """Those given; else windows as long as the positions, and the other lengths in proportion."""
    limit = usable_positions(config)
    trained = getattr(config, "max_position_embeddings", _MOST_TOKENS) if limit is None else limit
    tokens = about.max_tokens or min(_MOST_TOKENS, trained)
    if limit is not None and tokens > limit:
        raise ModelError(f"max tokens {tokens} exceed the {limit} positions of the model")
    return Lengths(
        max_tokens=tokens,
        stride=tokens // 4 if about.stride is None else about.stride,
        max_windows=about.max_windows or Lengths.max_windows,
        prompt_budget=about.prompt_budget or tokens * 3 // 8,
        max_chars=about.max_chars or Lengths.max_chars,
    )


def _slug(source: str) -> str:
    """A bundle name of the last part of a path or id."""
    last = Path(source).resolve().name if Path(source).is_dir() else source.rsplit("/", 1)[-1]
    return re.sub(r"[^a-z0-9._-]+", "-", last.lower()).strip("._-")[:64] or "guard"


def _listed(labels: tuple[str, ...]) -> str:
    return ", ".join(f"{number} ({label})" for number, label in enumerate(labels))
