"""transformers' trainer with the paper's loss, on one process or on many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate.data_loader import prepare_data_loader
from torch.utils.data import DataLoader
from transformers import Trainer, TrainingArguments

from guardlet.errors import RecipeError
from guardlet_training.examples import Example
from guardlet_training.loss import row_losses
from guardlet_training.recipe import Training
from guardlet_training.sampler import BalancedLengthSampler
from guardlet_training.step_batches import StepBatches


class GuardArguments(TrainingArguments):  # type: ignore[misc]
    """transformers.TrainingArguments whose CPU has no number: with several processes accelerate
    calls it `cpu:1`, which torch cannot load a checkpoint onto."""

    @property
    def device(self) -> torch.device:
        device: torch.device = super().device
        return torch.device("cpu") if device.type == "cpu" else device


class GuardTrainer(Trainer):  # type: ignore[misc]
    """transformers.Trainer with the paper's loss and its class-balanced sampler.

    Every step minimises the mean loss of its rows, each counting the same, and takes the same rows
    whatever the number of processes.
    """

    def __init__(self, settings: Training, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._settings = settings
        # Makes the trainer count the rows of a step and leave the mean to compute_loss.
        self.model_accepts_loss_kwargs = True

    def compute_loss(
        self,
        model: Any,
        inputs: Any,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        labels = inputs.pop("labels")
        teacher = inputs.pop("teacher")
        outputs = model(**inputs)
        losses = row_losses(
            outputs.logits,
            labels,
            teacher,
            self._settings.distil_weight,
            self._settings.teacher == "hard",
            self._settings.label_smoothing,
        )
        # Gradients are averaged over processes, which undoes the factor.
        rows = len(losses) if num_items_in_batch is None else num_items_in_batch
        loss = losses.sum() * self.accelerator.num_processes / rows
        return (loss, outputs) if return_outputs else loss

    def get_train_dataloader(self) -> Any:
        """This process's batches; accelerate would fill up uneven ones with repeated rows."""
        batches = StepBatches(
            self._get_train_sampler(),
            self.args.per_device_train_batch_size,
            self.args.gradient_accumulation_steps,
            self.accelerator.process_index,
            self.accelerator.num_processes,
        )
        loader = DataLoader(
            self.train_dataset, batch_sampler=batches, collate_fn=self.data_collator
        )
        return prepare_data_loader(loader, num_processes=1, process_index=0)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        examples = (train_dataset or self.train_dataset).examples
        return BalancedLengthSampler(
            [_group(example, self._settings.balance) for example in examples],
            [len(example.ids) for example in examples],
            self.args.per_device_train_batch_size,
            self._settings.seed,
            balance=self._settings.balance != "none",
        )


def use_bf16(precision: str) -> bool:
    """Whether to train under bf16 autocast: asked for, or `auto` on a GPU that has it.

    On a CPU `auto` stays in fp32: only CPUs with bf16 matrix units gain from it.
    """
    if precision != "auto":
        return precision == "bf16"
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported()


def trainer_arguments(settings: Training, out: Path) -> GuardArguments:
    """What transformers' trainer is told. Raises RecipeError for sizes that do not fit."""
    if not 0 <= settings.start_share <= 1:
        raise RecipeError("training.start_share must be from 0 to 1")
    arguments = GuardArguments(
        output_dir=str(out),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.micro_batch_size,
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
    # A process that sees several GPUs would train on all of them, each with a whole micro-batch;
    # one process a GPU is what the step's size is made for.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    arguments.gradient_accumulation_steps = _accumulation(settings, arguments.world_size)
    return arguments


def _accumulation(settings: Training, processes: int) -> int:
    """Micro-batches of each process in a step."""
    accumulation, rest = divmod(settings.batch_size, settings.micro_batch_size * processes)
    if rest or not accumulation:
        what = f"micro_batch_size {settings.micro_batch_size}"
        what += f" x {processes} processes" if processes > 1 else ""
        raise RecipeError(
            f"training.batch_size {settings.batch_size} must be a multiple of {what}; it is "
            "a step's size, over all processes"
        )
    return accumulation


def _group(example: Example, balance: str) -> tuple[int, bool]:
    return example.label, example.pair and balance == "label_and_form"
