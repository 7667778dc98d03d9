"""Attacks on a guard: labelled texts as somebody would write them to get past it."""

from __future__ import annotations

from collections.abc import Mapping

from guardlet.errors import AttackError
from guardlet_training.attacks.characters import CHARACTERS
from guardlet_training.attacks.ciphers import CIPHERS
from guardlet_training.attacks.rewording import REWORDING
from guardlet_training.attacks.transform import Target, Transform
from guardlet_training.attacks.wrappers import WRAPPERS

__all__ = ["ALL", "TRANSFORMS", "Target", "Transform", "choose"]

TRANSFORMS: Mapping[str, Transform] = {
    transform.name: transform for transform in (*CIPHERS, *CHARACTERS, *WRAPPERS, *REWORDING)
}
ALL = "all"


def choose(names: str) -> list[Transform]:
    """Transforms of "all" or "name,name". Raises AttackError for an unknown name."""
    if names == ALL:
        return list(TRANSFORMS.values())
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted or (unknown := sorted(set(wanted) - TRANSFORMS.keys())):
        raise AttackError(
            f"no transform {', '.join(unknown) if wanted else 'given'}; there are {ALL}, "
            f"{', '.join(TRANSFORMS)}"
        )
    return [TRANSFORMS[name] for name in dict.fromkeys(wanted)]
