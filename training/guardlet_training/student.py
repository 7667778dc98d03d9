"""The student before training: its weights, its frozen tokenizer and its input rules."""

from __future__ import annotations

from typing import Any

from torch.nn import ModuleList
from transformers import AutoModelForSequenceClassification

from guardlet.encoder import Encoder
from guardlet.errors import RecipeError
from guardlet_export.errors import ModelError
from guardlet_export.reference import uses_type_ids
from guardlet_export.tokenizer import freeze_tokenizer, input_rules, usable_positions
from guardlet_training.recipe import Input, Model
from guardlet_training.transplant import transplant_bert


def load_student(model: Model) -> Any:
    """A two-label classifier from a hub id or folder, transplanted and made shallower where the
    recipe says so.

    Raises RecipeError when it cannot be loaded or has no such layers.
    """
    try:
        student = _loaded(model)
    except (OSError, ValueError) as error:
        raise RecipeError(
            f"model.source: cannot load the model of {model.source} ({type(error).__name__}); "
            f"check the id and the network, or give a local folder"
        ) from error
    if model.layers is not None:
        _keep_layers(student, model.layers)
    return student


def student_encoder(model: Model, lengths: Input, config: Any) -> tuple[str, Encoder]:
    """The frozen tokenizer's text and an Encoder over it.

    Raises RecipeError when the tokenizer cannot be loaded or lacks special tokens, or windows are
    longer than the model's positions.
    """
    limit = usable_positions(config)
    if limit is not None and lengths.max_tokens > limit:
        raise RecipeError(f"input.max_tokens {lengths.max_tokens} exceeds the model's {limit}")
    try:
        tokenizer_json = freeze_tokenizer(model.source)
        rules = input_rules(tokenizer_json, lengths, uses_type_ids(config))
    except ModelError as error:
        raise RecipeError(f"model.source {model.source}: {error}") from error
    return tokenizer_json, Encoder(tokenizer_json, rules)


def _loaded(model: Model) -> Any:
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


def _keep_layers(student: Any, kept: tuple[int, ...]) -> None:
    """Takes the other encoder layers out of `student`."""
    encoder: Any = getattr(student.base_model, "encoder", None)
    layers = getattr(encoder, "layer", ())
    if not kept or list(kept) != sorted(set(kept)) or not set(kept) <= set(range(len(layers))):
        raise RecipeError(
            f"model.layers must be numbers from 0 to {len(layers) - 1}, each larger than the one "
            f"before"
        )
    encoder.layer = ModuleList(layers[index] for index in kept)
    student.config.num_hidden_layers = len(kept)
