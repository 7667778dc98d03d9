"""Fine-tuning a guard on new cases with replay."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import set_seed

from guardlet.encoder import Window
from guardlet.scoring import ScoreRules
from guardlet_export.classifier import load_classifier
from guardlet_export.guard_folder import HARMFUL_INDEX, GuardFolder
from guardlet_export.reference import TorchEngine, uses_type_ids
from guardlet_training.adapt.lora import merged, with_lora
from guardlet_training.adapt.method import Method, Target
from guardlet_training.adapt.sampler import ReplaySampler
from guardlet_training.adapt.settings import AdaptSettings
from guardlet_training.examples import Collator, Example, ExampleDataset, build_examples
from guardlet_training.rows import Row
from guardlet_training.trainer import GuardTrainer, trainer_arguments


class ReplayTrainer(GuardTrainer):
    """The guard's trainer with another order of examples, and without dropout: its noise alone
    would move the scores that replayed rows should keep."""

    def __init__(self, sampler: ReplaySampler, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sampler = sampler

    def compute_loss(self, model: Any, *arguments: Any, **options: Any) -> Any:
        model.eval()
        return super().compute_loss(model, *arguments, **options)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self._sampler


def tune(
    guard: GuardFolder, new: Sequence[Row], replay: Sequence[Row], settings: AdaptSettings
) -> Any:
    """The folder's classifier trained on the first window of each row: fp32, eval mode, on CPU.

    Rows must be labelled and readable. New cases are trained towards their labels.
    """
    set_seed(settings.seed)
    model = load_classifier(str(guard.folder))
    encoder = guard.encoder()
    cases = [replace(case, teacher=math.nan) for case in build_examples(new, encoder)]
    replayed = build_examples(replay, encoder)
    labels = [example.label for example in replayed]
    sampler = ReplaySampler(len(cases), labels, settings.steps, settings.batch_size, settings.seed)
    examples = [*cases, *replayed]
    for index in {*sampler} - {*range(len(cases))}:
        examples[index] = _with_target(examples[index], settings.target, TorchEngine(model))
    if settings.method is Method.LORA:
        model = with_lora(model, settings.rank, settings.alpha)
    training = settings.training()
    with tempfile.TemporaryDirectory() as work:
        arguments = trainer_arguments(training, Path(work))
        trainer = ReplayTrainer(
            sampler,
            settings=training,
            model=model,
            args=arguments.set_save(strategy="no"),
            train_dataset=ExampleDataset(examples),
            data_collator=Collator(encoder.rules.pad, uses_type_ids(model.config)),
        )
        trainer.train()
    tuned = merged(model) if settings.method is Method.LORA else model
    return tuned.cpu().float().eval()


def _with_target(example: Example, target: Target, engine: TorchEngine) -> Example:
    """The example with its label, or what the guard says of it, as its teacher."""
    if target is Target.LABELS:
        return replace(example, teacher=float(example.label))
    window = Window(example.ids, example.type_ids, 0, len(example.ids))
    # Without a response's bias: the student is trained towards what its logits say.
    score = ScoreRules(1.0, HARMFUL_INDEX, {}).score(engine.logits(window), "prompt")
    return replace(example, teacher=score)
