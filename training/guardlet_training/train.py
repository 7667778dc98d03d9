"""`guardlet train`: from a recipe to a model folder that `guardlet export` understands."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed
from transformers.trainer_utils import get_last_checkpoint

from guardlet.encoder import Encoder
from guardlet.errors import RecipeError
from guardlet.files import write_text
from guardlet_export.guard_folder import GUARD_FILE, TOKENIZER_FILE
from guardlet_export.reference import uses_type_ids
from guardlet_training.examples import Collator, Example, ExampleDataset, build_examples, shortened
from guardlet_training.mix import build_mix
from guardlet_training.processes import require_agreement
from guardlet_training.recipe import Recipe, load_recipe, recipe_dict
from guardlet_training.student import load_student, student_encoder
from guardlet_training.trainer import GuardTrainer, trainer_arguments

MODEL_FOLDER = "model"
_STATE_FILE = "run.json"

log = logging.getLogger(__name__)


def train(recipe_path: Path, out: Path, overrides: list[str] | None = None) -> Path:
    """Trains the recipe into `out`/model, resuming from the last checkpoint in `out`.

    Under `torchrun` or `accelerate launch` every process calls this: each builds the same rows and
    trains on its share of every step, and the first writes. Returns the model folder: weights,
    config, frozen tokenizer.json and guard.json. Raises RecipeError when `out` holds a run of
    another recipe, a step cannot be shared by that many processes, or they see other files.
    """
    recipe = load_recipe(recipe_path, overrides)
    arguments = trainer_arguments(recipe.training, out)
    set_seed(recipe.training.seed)
    model = load_student(recipe.model)
    tokenizer_json, encoder = student_encoder(recipe.model, recipe.input, model.config)
    rows, report = build_mix(recipe, recipe_path.parent)
    examples = build_examples(rows, _training_encoder(recipe, tokenizer_json, encoder))
    require_agreement("rows", _digest(examples))
    if arguments.should_save:
        log.info("training rows: %s", json.dumps(report))
    _claim(out, recipe, arguments.should_save)
    checkpoint = get_last_checkpoint(str(out)) if out.is_dir() else None
    require_agreement("checkpoint", checkpoint and Path(checkpoint).name)
    trainer = GuardTrainer(
        settings=recipe.training,
        model=model,
        args=arguments,
        train_dataset=ExampleDataset(examples),
        data_collator=Collator(encoder.rules.pad, uses_type_ids(model.config)),
    )
    # The trainer has just given every process the same seed, and their dropout must differ.
    torch.manual_seed(recipe.training.seed + arguments.process_index)
    start = deepcopy(model.state_dict()) if recipe.training.start_share else {}
    trainer.train(resume_from_checkpoint=checkpoint)
    mix_weights(trainer.model, start, recipe.training.start_share)
    folder = out / MODEL_FOLDER
    trainer.save_model(str(folder))
    if arguments.should_save:
        write_text(folder / TOKENIZER_FILE, tokenizer_json)
        guard = _guard_description(recipe, recipe_path, encoder.rules, report)
        write_text(folder / GUARD_FILE, json.dumps(guard, indent=2) + "\n")
    trainer.accelerator.wait_for_everyone()
    return folder


def mix_weights(model: Any, start: dict[str, torch.Tensor], share: float) -> None:
    """Makes each floating-point weight of `model` the mean of itself and `share` of `start`'s."""
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            if name in start and weight.is_floating_point():
                weight.lerp_(start[name].to(weight), share)


def _training_encoder(recipe: Recipe, tokenizer_json: str, encoder: Encoder) -> Encoder:
    max_tokens = recipe.training.max_tokens
    if max_tokens is None:
        return encoder
    if max_tokens > encoder.rules.max_tokens:
        raise RecipeError("training.max_tokens exceeds input.max_tokens")
    try:
        return Encoder(tokenizer_json, shortened(encoder.rules, max_tokens))
    except ValueError as error:
        raise RecipeError(f"training.max_tokens: {error}") from None


def _digest(examples: Sequence[Example]) -> str:
    digest = hashlib.sha256()
    for example in examples:
        digest.update(repr(example).encode())
    return digest.hexdigest()


def _claim(out: Path, recipe: Recipe, write: bool) -> None:
    """Marks `out` as this recipe's run, so that a resume never mixes two recipes."""
    state = json.dumps(recipe_dict(recipe), sort_keys=True)
    file = out / _STATE_FILE
    if file.exists() and file.read_text(encoding="utf-8") != state:
        raise RecipeError(f"{out} holds a run of another recipe; choose another output folder")
    if write:
        write_text(file, state)


def _guard_description(
    recipe: Recipe, recipe_path: Path, rules: Any, report: dict[str, Any]
) -> dict[str, Any]:
    made_of = [(source.home, source.license) for source in recipe.data]
    if recipe.model.home and recipe.model.license:
        made_of.insert(0, (recipe.model.home, recipe.model.license))
    return {
        "name": recipe.name,
        "version": recipe.version,
        "license": recipe.license,
        "description": recipe.description,
        "sources": [{"name": name, "license": terms} for name, terms in dict.fromkeys(made_of)],
        "input": dataclasses.asdict(rules),
        "provenance": {
            "recipe": recipe_path.name,
            "recipe_sha256": hashlib.sha256(recipe_path.read_bytes()).hexdigest(),
            "settings": recipe_dict(recipe)["training"],
            "data": report,
        },
    }
