"""Ways to adapt."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """Low-rank adapters, merged in the end, or every weight."""

    LORA = "lora"
    FULL = "full"
