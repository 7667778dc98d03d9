"""How a guard is probed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """What is changed: tokens, or their embeddings, which no text shows."""

    TOKENS = "tokens"
    EMBEDDINGS = "embeddings"


class Where(StrEnum):
    """Which tokens are swapped: those of a suffix, or any of the judged text."""

    SUFFIX = "suffix"
    ANY = "any"


@dataclass(frozen=True)
class ProbeSettings:
    """`steps` is the most gradients a row. For `tokens`: `where` tokens change, those of a suffix
    of `suffix` tokens or any of the judged text, and `candidates` are tried a step. For
    `embeddings`: `budget` is the largest perturbation, as a share of the text's embedding norm."""

    method: Method = Method.TOKENS
    steps: int = 50
    where: Where = Where.SUFFIX
    suffix: int = 10
    candidates: int = 64
    budget: float = 0.5
    seed: int = 42

    @property
    def room(self) -> int:
        """Tokens that must be free in a window."""
        swaps_suffix = self.method is Method.TOKENS and self.where is Where.SUFFIX
        return self.suffix if swaps_suffix else 0
