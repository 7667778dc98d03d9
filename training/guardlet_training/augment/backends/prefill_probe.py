"""How to tell whether a server continues an assistant's turn or closes it and begins another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from guardlet_training.augment.backends.backend import Chat


@dataclass(frozen=True)
class Probe:
    """A turn that stops in the middle of a word. One who continues it writes the rest of the word
    at once; one who answers anew begins with a word or a space, however clever."""

    TOKENS: ClassVar[int] = 8

    chat: Chat
    rest: str

    def continued(self, text: str) -> bool:
        return text.startswith(self.rest)


# Openings that no answer begins with by chance: one that repeats them is an echo of the prefill.
PROBES = (
    Probe(
        Chat("What is the capital of France?", "Ahoy! The capital of France, friend, is Pa"), "ris"
    ),
    Probe(Chat("What is the opposite of hot?", "Ahoy! The opposite of hot, friend, is co"), "ld"),
)
