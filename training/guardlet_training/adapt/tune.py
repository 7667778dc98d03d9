"""Fine-tuning a guard on new cases with replay."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import set_seed

from guardlet_export.classifier import load_classifier
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import uses_type_ids
from guardlet_training.adapt.lora import merged, with_lora
from guardlet_training.adapt.method import Method
from guardlet_training.adapt.sampler import ReplaySampler
from guardlet_training.adapt.settings import AdaptSettings
from guardlet_training.examples import Collator, ExampleDataset, build_examples
from guardlet_training.rows import Row
from guardlet_training.train import GuardTrainer, trainer_arguments


class ReplayTrainer(GuardTrainer):
    """The guard's trainer with another order of examples."""

    def __init__(self, sampler: ReplaySampler, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sampler = sampler

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self._sampler


def tune(
    guard: GuardFolder, new: Sequence[Row], replay: Sequence[Row], settings: AdaptSettings
) -> Any:
    """The folder's classifier trained on the first window of each row: fp32, eval mode, on CPU.

    Rows must be labelled and readable.
    """
    set_seed(settings.seed)
    model = load_classifier(str(guard.folder))
    if settings.method is Method.LORA:
        model = with_lora(model, settings.rank, settings.alpha)
    encoder = guard.encoder()
    cases, replayed = build_examples(new, encoder), build_examples(replay, encoder)
    labels = [example.label for example in replayed]
    training = settings.training()
    with tempfile.TemporaryDirectory() as work:
        arguments = trainer_arguments(training, Path(work))
        trainer = ReplayTrainer(
            ReplaySampler(len(cases), labels, settings.steps, settings.batch_size, settings.seed),
            settings=training,
            model=model,
            args=arguments.set_save(strategy="no"),
            train_dataset=ExampleDataset([*cases, *replayed]),
            data_collator=Collator(encoder.rules.pad, uses_type_ids(model.config)),
        )
        trainer.train()
    tuned = merged(model) if settings.method is Method.LORA else model
    return tuned.cpu().float().eval()
