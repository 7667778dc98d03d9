"""What processes that train together must have in common."""

from __future__ import annotations

from typing import Any

from accelerate.utils import gather_object

from guardlet.errors import RecipeError


def require_agreement(what: str, value: Any) -> None:
    """Compares a small picklable value over all processes. Raises RecipeError in each of them when
    they differ, for they would train on different rows or wait for each other for ever."""
    if any(other != value for other in gather_object([value])):
        raise RecipeError(
            f"the processes do not see the same {what}: every node needs the same data at the same "
            f"paths, and --out on a file system that all of them share"
        )
