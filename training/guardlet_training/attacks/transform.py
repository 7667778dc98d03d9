"""What an attack is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Rewrite = Callable[[str, random.Random], str]
Target = Literal["prompt", "response"]


@dataclass(frozen=True)
class Transform:
    """A text as an attacker would write it.

    `rewrite(text, rng)` is pure: the same text and state of `rng` give the same result. It never
    raises. `targets` are the texts it makes sense for; `source` is where it comes from.
    """

    name: str
    description: str
    source: str
    rewrite: Rewrite
    targets: tuple[Target, ...] = ("prompt", "response")

    def apply(self, text: str, seed: int, row: str) -> str:
        """The rewritten `text` of the row called `row`; other rows and transforms do not matter."""
        return self.rewrite(text, random.Random(f"{seed}/{self.name}/{row}"))
