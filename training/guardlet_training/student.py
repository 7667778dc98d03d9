"""The student before training: its weights, its frozen tokenizer and its input rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from guardlet.encoder import Encoder, InputRules
from guardlet.errors import RecipeError
from guardlet_export.reference import uses_type_ids
from guardlet_training.recipe import Input, Model
from guardlet_training.transplant import transplant_bert

_SPECIAL_TOKENS = {
    "[CLS]": (["[CLS]"], ["[SEP]"], ["[SEP]"], "[PAD]"),
    "<s>": (["<s>"], ["</s>", "</s>"], ["</s>"], "<pad>"),
}


def load_student(model: Model) -> Any:
    """A two-label classifier from a hub id or folder, transplanted where the recipe says so.

    Raises RecipeError when it cannot be loaded.
    """
    try:
        if model.transplant:
            return transplant_bert(model.source, model.dropout, model.attention_dropout)
        return AutoModelForSequenceClassification.from_pretrained(
            model.source,
            num_labels=2,
            id2label={0: "safe", 1: "harmful"},
            label2id={"safe": 0, "harmful": 1},
            hidden_dropout_prob=model.dropout,
            attention_probs_dropout_prob=model.attention_dropout,
        )
    except (OSError, ValueError) as error:
        raise _unreadable(model.source, "model", error) from error


def freeze_tokenizer(source: str) -> str:
    """The text of the tokenizer.json every stage and runtime will use, without truncation
    or padding. Raises RecipeError when there is none."""
    file = Path(source) / "tokenizer.json"
    try:
        if file.is_file():
            tokenizer = Tokenizer.from_file(str(file))
        else:
            tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True).backend_tokenizer
    except Exception as error:
        raise _unreadable(source, "tokenizer", error) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False)


def input_rules(tokenizer_json: str, lengths: Input, type_ids: bool) -> InputRules:
    """Window rules from the tokenizer's special tokens and the recipe's lengths.

    Raises RecipeError when the tokenizer has neither BERT's nor RoBERTa's special tokens, or the
    lengths do not fit together.
    """
    tokenizer = Tokenizer.from_str(tokenizer_json)
    for marker, (start, middle, end, pad) in _SPECIAL_TOKENS.items():
        if tokenizer.token_to_id(marker) is None:
            continue
        ids = {token: tokenizer.token_to_id(token) for token in (*start, *middle, *end, pad)}
        if None in ids.values():
            break
        try:
            return InputRules(
                max_tokens=lengths.max_tokens,
                stride=lengths.stride,
                max_windows=lengths.max_windows,
                prompt_budget=lengths.prompt_budget,
                max_chars=lengths.max_chars,
                start=tuple(ids[token] for token in start),
                middle=tuple(ids[token] for token in middle),
                end=tuple(ids[token] for token in end),
                pad=ids[pad],
                response_type=int(type_ids),
            )
        except ValueError as error:
            raise RecipeError(f"input: {error}") from None
    raise RecipeError("the tokenizer has neither [CLS]/[SEP]/[PAD] nor <s>/</s>/<pad>")


def student_encoder(model: Model, lengths: Input, config: Any) -> tuple[str, Encoder]:
    """The frozen tokenizer's text and an Encoder over it. Raises RecipeError when windows are
    longer than the model's positions."""
    limit = getattr(config, "max_position_embeddings", lengths.max_tokens)
    biased = getattr(config, "position_biased_input", True)
    if biased and lengths.max_tokens > limit:
        raise RecipeError(f"input.max_tokens {lengths.max_tokens} exceeds the model's {limit}")
    tokenizer_json = freeze_tokenizer(model.source)
    rules = input_rules(tokenizer_json, lengths, uses_type_ids(config))
    return tokenizer_json, Encoder(tokenizer_json, rules)


def _unreadable(source: str, part: str, error: Exception) -> RecipeError:
    return RecipeError(
        f"model.source: cannot load the {part} of {source} ({type(error).__name__}); check the id "
        f"and the network, or give a local folder"
    )
