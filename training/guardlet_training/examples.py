"""Rows as token tensors for the trainer, through the same Encoder the runtime uses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.data import Dataset

from guardlet.encoder import Encoder, InputRules, Window
from guardlet.errors import EmptyInputError
from guardlet_training.loss import UNCOUNTED
from guardlet_training.rows import Row


@dataclass(frozen=True)
class Example:
    """The first window of a row. `teacher` is P(harmful), NaN where there is no teacher."""

    ids: tuple[int, ...]
    type_ids: tuple[int, ...]
    label: int
    teacher: float
    pair: bool


def build_examples(rows: Sequence[Row], encoder: Encoder) -> list[Example]:
    """One example a row, its first window; rows without a readable token are left out."""
    examples = []
    for row in rows:
        try:
            encoding = encoder.encode(row.prompt, row.response)
        except EmptyInputError:
            continue
        window = encoding.windows[0]
        teacher = math.nan if row.soft_label is None else row.soft_label
        pair = encoding.judged == "response"
        examples.append(Example(window.ids, window.type_ids, row.target, teacher, pair))
    return examples


def shortened(rules: InputRules, max_tokens: int) -> InputRules:
    """Rules for windows of `max_tokens`, the prompt's budget and the stride shrunk in proportion,
    so that a short training window shows prompt and response as a long one would.

    Raises ValueError when `max_tokens` leaves no room for a response.
    """
    return replace(
        rules,
        max_tokens=max_tokens,
        prompt_budget=max(2, rules.prompt_budget * max_tokens // rules.max_tokens),
        stride=rules.stride * max_tokens // rules.max_tokens,
    )


class ExampleDataset(Dataset[Example]):
    """A list of examples, as the trainer wants it."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Example:
        return self.examples[index]


@dataclass(frozen=True)
class Collator:
    """Pads examples to the longest: int64 [B, T] ids, mask and types, [B] labels and teacher.

    No examples become one row of one padding token that counts for nothing.
    """

    pad: int
    type_ids: bool

    def __call__(self, examples: Sequence[Example]) -> dict[str, Any]:
        if not examples:
            examples = [Example((self.pad,), (0,), UNCOUNTED, math.nan, False)]
        return {
            **padded(examples, self.pad, self.type_ids),
            "labels": torch.tensor([example.label for example in examples]),
            "teacher": torch.tensor([example.teacher for example in examples]),
        }


def padded(
    windows: Sequence[Window | Example], pad: int, type_ids: bool
) -> dict[str, torch.Tensor]:
    """A classifier's input: ids, mask and, where it has them, types, int64 [windows, longest]."""
    width = max(len(window.ids) for window in windows)
    ids = torch.full((len(windows), width), pad)
    mask = torch.zeros_like(ids)
    types = torch.zeros_like(ids)
    for i, window in enumerate(windows):
        length = len(window.ids)
        ids[i, :length] = torch.tensor(window.ids)
        mask[i, :length] = 1
        types[i, :length] = torch.tensor(window.type_ids)
    batch = {"input_ids": ids, "attention_mask": mask}
    return batch | ({"token_type_ids": types} if type_ids else {})
