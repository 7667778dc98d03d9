"""What an attack on one row came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """`flipped`: the verdict turned; `ids_only`: it turned for token ids that no text gives.

    `steps` are gradients taken; `size` is tokens swapped, or the relative norm of a perturbation.
    """

    flipped: bool
    ids_only: bool
    steps: int
    size: float
