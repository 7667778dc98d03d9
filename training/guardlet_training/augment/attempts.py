"""One request an item, and of each answer the one instruction in it, if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from guardlet_training.augment.backends.backend import Backend, BackendSpec, Chat, Sampling
from guardlet_training.augment.chatter import instruction
from guardlet_training.augment.refusals import is_refusal
from guardlet_training.augment.seeds import row_seed
from guardlet_training.augment.stage import Item, ItemRows, Worker

FEWEST_WORDS = 3
REFUSED, EMPTY, COPY = "refused", "empty", "copy"


def never_a_copy(item: Item, prompt: str) -> bool:
    """For requests whose answers have nothing to be a copy of."""
    return False


@dataclass(frozen=True)
class AttemptSource:
    """Opens workers that make one row an item: the instruction in the model's answer as its
    `prompt`, whether that is `refused`, why it is `rejected` or null, and the raw `completion`.

    `ask` makes the request of an item from the item and its seed; `is_copy` says of an instruction
    that it only repeats the item. All of it is picklable.
    """

    backend: BackendSpec
    sampling: Sampling
    seed: int
    ask: Callable[[Item, int], Chat]
    source: str
    is_copy: Callable[[Item, str], bool] = never_a_copy
    label: int | None = None
    category: str | None = None

    @contextmanager
    def open(self) -> Iterator[Worker]:
        """Raises BackendError."""
        with closing(self.backend.open()) as backend:
            yield partial(self._rows, backend)

    def _rows(self, backend: Backend, items: Sequence[Item]) -> list[ItemRows]:
        seeds = [row_seed(self.seed, item["id"]) for item in items]
        chats = [self.ask(item, seed) for item, seed in zip(items, seeds, strict=True)]
        texts = backend.complete(chats, self.sampling, seeds)
        return [[self._row(item, text)] for item, text in zip(items, texts, strict=True)]

    def _row(self, item: Item, completion: str) -> dict[str, Any]:
        prompt = instruction(completion)
        rejected = self._rejected(item, prompt)
        return {
            "id": item["id"],
            "prompt": prompt,
            "response": None,
            "label": self.label,
            "soft_label": None,
            "category": self.category,
            "source": self.source,
            "license": None,
            "refused": rejected == REFUSED,
            "rejected": rejected,
            "completion": completion,
        }

    def _rejected(self, item: Item, prompt: str) -> str | None:
        if is_refusal(prompt):
            return REFUSED
        if len(prompt.split()) < FEWEST_WORDS:
            return EMPTY
        return COPY if self.is_copy(item, prompt) else None
