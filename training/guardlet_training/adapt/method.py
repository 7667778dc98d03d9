"""Ways to adapt."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """Low-rank adapters, merged in the end, or every weight."""

    LORA = "lora"
    FULL = "full"


class Target(StrEnum):
    """What replayed rows are trained towards: the scores of the guard before, or their labels."""

    SCORES = "scores"
    LABELS = "labels"
