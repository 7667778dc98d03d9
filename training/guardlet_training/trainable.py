"""Guard folders whose weights can be trained, or looked into."""

from __future__ import annotations

from pathlib import Path

from guardlet.bundle.schema import MANIFEST_FILE
from guardlet_export.guard_folder import HARMFUL_INDEX, LABELS, GuardFolder, GuardFolderError


def open_trainable(model: Path) -> GuardFolder:
    """The guard folder. Raises GuardFolderError for a bundle, which cannot be trained, and for
    another layout of labels than `guardlet train` makes."""
    if (model / MANIFEST_FILE).is_file():
        raise GuardFolderError(
            f"{model} is a bundle, whose weights can no longer be trained; give the model folder "
            f"it was exported from"
        )
    guard = GuardFolder.open(model)
    if len(guard.labels) != len(LABELS) or guard.score.harmful_index != HARMFUL_INDEX:
        raise GuardFolderError(f"{model}: only models of the two labels {LABELS} can be used")
    return guard
