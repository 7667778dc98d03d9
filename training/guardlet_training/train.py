"""`guardlet train`: from a recipe to a model folder that `guardlet export` understands."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

from guardlet.encoder import Encoder
from guardlet.errors import RecipeError
from guardlet.files import write_text
from guardlet_export.guard_folder import GUARD_FILE, TOKENIZER_FILE
from guardlet_export.reference import uses_type_ids
from guardlet_training.examples import Collator, Example, ExampleDataset, build_examples, shortened
from guardlet_training.loss import distillation_loss
from guardlet_training.mix import build_mix
from guardlet_training.recipe import Recipe, Training, load_recipe, recipe_dict
from guardlet_training.sampler import BalancedLengthSampler
from guardlet_training.student import load_student, student_encoder

MODEL_FOLDER = "model"
_STATE_FILE = "run.json"

log = logging.getLogger(__name__)


class GuardTrainer(Trainer):  # type: ignore[misc]
    """transformers.Trainer with the paper's loss and its class-balanced sampler."""

    def __init__(self, settings: Training, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._settings = settings

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:
        labels = inputs.pop("labels")
        teacher = inputs.pop("teacher")
        outputs = model(**inputs)
        loss = distillation_loss(
            outputs.logits,
            labels,
            teacher,
            self._settings.distil_weight,
            self._settings.teacher == "hard",
            self._settings.label_smoothing,
        )
        return (loss, outputs) if return_outputs else loss

    def _get_train_sampler(self, train_dataset: Any = None) -> BalancedLengthSampler:
        examples = (train_dataset or self.train_dataset).examples
        return BalancedLengthSampler(
            [_group(example, self._settings.balance) for example in examples],
            [len(example.ids) for example in examples],
            self.args.per_device_train_batch_size,
            self._settings.seed,
            balance=self._settings.balance != "none",
        )


def train(recipe_path: Path, out: Path, overrides: list[str] | None = None) -> Path:
    """Trains the recipe into `out`/model, resuming from the last checkpoint in `out`.

    Returns the model folder: weights, config, frozen tokenizer.json and guard.json. Raises
    RecipeError when `out` holds a run of another recipe.
    """
    recipe = load_recipe(recipe_path, overrides)
    arguments = trainer_arguments(recipe.training, out)
    set_seed(recipe.training.seed)
    model = load_student(recipe.model)
    tokenizer_json, encoder = student_encoder(recipe.model, recipe.input, model.config)
    rows, report = build_mix(recipe, recipe_path.parent)
    examples = build_examples(rows, _training_encoder(recipe, tokenizer_json, encoder))
    log.info("training rows: %s", json.dumps(report))
    out.mkdir(parents=True, exist_ok=True)
    _claim(out, recipe)
    trainer = GuardTrainer(
        settings=recipe.training,
        model=model,
        args=arguments,
        train_dataset=ExampleDataset(examples),
        data_collator=Collator(encoder.rules.pad, uses_type_ids(model.config)),
    )
    start = deepcopy(model.state_dict()) if recipe.training.start_share else {}
    checkpoint = get_last_checkpoint(str(out))
    trainer.train(resume_from_checkpoint=checkpoint)
    mix_weights(trainer.model, start, recipe.training.start_share)
    folder = out / MODEL_FOLDER
    trainer.save_model(str(folder))
    write_text(folder / TOKENIZER_FILE, tokenizer_json)
    guard = _guard_description(recipe, recipe_path, encoder.rules, report)
    write_text(folder / GUARD_FILE, json.dumps(guard, indent=2) + "\n")
    return folder


def mix_weights(model: Any, start: dict[str, torch.Tensor], share: float) -> None:
    """Makes each floating-point weight of `model` the mean of itself and `share` of `start`'s."""
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            if name in start and weight.is_floating_point():
                weight.lerp_(start[name].to(weight), share)


def use_bf16(precision: str) -> bool:
    """Whether to train under bf16 autocast: asked for, or `auto` on a GPU that has it.

    On a CPU `auto` stays in fp32: only CPUs with bf16 matrix units gain from it.
    """
    if precision != "auto":
        return precision == "bf16"
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported()


def trainer_arguments(settings: Training, out: Path) -> TrainingArguments:
    """What transformers' trainer is told. Raises RecipeError for sizes that do not fit."""
    accumulation, rest = divmod(settings.batch_size, settings.micro_batch_size)
    if rest:
        raise RecipeError("training.batch_size must be a multiple of micro_batch_size")
    if not 0 <= settings.start_share <= 1:
        raise RecipeError("training.start_share must be from 0 to 1")
    return TrainingArguments(
        output_dir=str(out),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.micro_batch_size,
        gradient_accumulation_steps=accumulation,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=settings.warmup_steps,
        max_grad_norm=settings.max_grad_norm,
        lr_scheduler_type="linear",
        bf16=use_bf16(settings.precision),
        use_cpu=not torch.cuda.is_available(),
        seed=settings.seed,
        logging_steps=20,
        save_steps=settings.checkpoint_steps,
        save_total_limit=settings.keep_checkpoints,
        report_to=[],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        label_names=["labels"],
    )


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


def _group(example: Example, balance: str) -> tuple[int, bool]:
    return example.label, example.pair and balance == "label_and_form"


def _claim(out: Path, recipe: Recipe) -> None:
    """Marks `out` as this recipe's run, so that a resume never mixes two recipes."""
    state = json.dumps(recipe_dict(recipe), sort_keys=True)
    file = out / _STATE_FILE
    if file.exists() and file.read_text(encoding="utf-8") != state:
        raise RecipeError(f"{out} holds a run of another recipe; choose another output folder")
    write_text(file, state)


def _guard_description(
    recipe: Recipe, recipe_path: Path, rules: Any, report: dict[str, Any]
) -> dict[str, Any]:
    sources = {
        (source.home, source.license): {"name": source.home, "license": source.license}
        for source in recipe.data
    }
    return {
        "name": recipe.name,
        "version": recipe.version,
        "license": recipe.license,
        "description": recipe.description,
        "sources": list(sources.values()),
        "input": dataclasses.asdict(rules),
        "provenance": {
            "recipe": recipe_path.name,
            "recipe_sha256": hashlib.sha256(recipe_path.read_bytes()).hexdigest(),
            "settings": recipe_dict(recipe)["training"],
            "data": report,
        },
    }
