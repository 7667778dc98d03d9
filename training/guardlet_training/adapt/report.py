"""What an adaptation did, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from guardlet_training.adapt.regression import Change
from guardlet_training.adapt.settings import AdaptSettings


@dataclass(frozen=True)
class AdaptReport:
    """`sets` are the check sets, `held_out` the new cases by guards that were not trained on them.
    `data` counts the rows, `objection` says why nothing was written."""

    before: str
    after: str
    settings: AdaptSettings
    data: Mapping[str, Any]
    sets: Mapping[str, Change]
    held_out: Change | None
    objection: str | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON that `--json` writes."""
        tree = asdict(self)
        tree["settings"] |= {"alpha": self.settings.alpha, "learning_rate": self.settings.rate}
        return tree

    def record(self) -> dict[str, Any]:
        """What guard.json keeps: `to_dict` without the names of the guards."""
        kept = {"from_version": self.before.rpartition("@")[2]}
        left_out = ("before", "after", "objection")
        return kept | {key: value for key, value in self.to_dict().items() if key not in left_out}
