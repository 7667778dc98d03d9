"""Guards whose weights can be trained, or looked into."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guardlet.bundle import default_bundle
from guardlet.bundle.schema import MANIFEST_FILE
from guardlet.verify import Tracker
from guardlet_export.guard_folder import HARMFUL_INDEX, LABELS, GuardFolder, GuardFolderError
from guardlet_export.thaw import thaw


@contextmanager
def trainable(model: Path | None, track: Tracker | None = None) -> Iterator[GuardFolder]:
    """The guard folder `model`; for a bundle, by default the embedded one, which its name stands
    for as well, a guard folder thawed from it that is gone when the block ends.

    Raises GuardFolderError, also for another layout of labels than `guardlet train` makes, and for
    a bundle what `thaw` does.
    """
    embedded = default_bundle()
    if model is None or (str(model) == embedded.name and not model.exists()):
        model = embedded
    with tempfile.TemporaryDirectory() as work:
        bundle = (model / MANIFEST_FILE).is_file()
        guard = thaw(model, Path(work) / "thawed", track) if bundle else GuardFolder.open(model)
        if len(guard.labels) != len(LABELS) or guard.score.harmful_index != HARMFUL_INDEX:
            raise GuardFolderError(f"{model}: only models of the two labels {LABELS} can be used")
        yield guard
