"""Any sequence classifier as a teacher: a guard folder, or a model of the hub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardlet.encoder import Encoding, Window
from guardlet.errors import EmptyInputError, EngineError, GuardletError, TeacherError
from guardlet_export.classifier import load_classifier
from guardlet_export.guard_folder import GUARD_FILE, GuardFolder
from guardlet_export.plain_model import About, describe
from guardlet_export.reference import uses_type_ids
from guardlet_export.rows import Row
from guardlet_training.augment.backends.causal import best_device
from guardlet_training.augment.teachers.teacher import in_halves
from guardlet_training.examples import padded

_HARMFUL = re.compile(
    r"unsafe|harmful|toxic|toxicity|malicious|jailbreak|injection|hate|hateful|offensive|abusive",
    re.IGNORECASE,
)


class ClassifierTeacher:
    """Reads long texts in windows, of which the worst counts, as a guard does."""

    def __init__(
        self, model: str, *, harmful_index: int | None = None, device: str = "auto"
    ) -> None:
        """Loads a folder or hub id, in float32. `harmful_index` says which label means unsafe,
        where the labels' names do not. Raises TeacherError."""
        try:
            network = load_classifier(model)
            folder = _described(model, network, harmful_index)
            self._encoder = folder.encoder()
        except TeacherError:
            raise
        except GuardletError as error:
            raise TeacherError(str(error)) from None
        self._model = model
        self._rules = folder.score
        self._types = uses_type_ids(network.config)
        place = best_device(device)
        self._network = network.float().eval().to("cuda" if place == "auto" else place)

    def score(self, rows: Sequence[Row]) -> list[float | None]:
        """See `Teacher`."""
        encodings = [self._encode(row) for row in rows]
        flat = [window for found in encodings if found for window in found.windows]
        logits = iter(in_halves(self._logits, flat) if flat else [])
        try:
            return [self._worst(found, logits) if found else None for found in encodings]
        except EngineError:
            raise TeacherError(f"{self._model} computes logits that are no numbers") from None

    def _worst(self, encoding: Encoding, logits: Iterator[NDArray[np.float32]]) -> float:
        """Takes as many logits as the encoding has windows."""
        return self._rules.worst(islice(logits, len(encoding.windows)), encoding.judged)[0]

    def _encode(self, row: Row) -> Encoding | None:
        with suppress(EmptyInputError):
            return self._encoder.encode(row.prompt, row.response)
        return None

    def _logits(self, windows: Sequence[Window]) -> list[NDArray[np.float32]]:
        import torch

        feed = padded(windows, self._encoder.rules.pad, self._types)
        with torch.inference_mode():
            found = self._network(**{k: v.to(self._network.device) for k, v in feed.items()})
        return list(found.logits.float().cpu().numpy())


def _described(model: str, network: Any, harmful_index: int | None) -> GuardFolder:
    """What its guard.json says, or what a plain model shows."""
    if (Path(model) / GUARD_FILE).is_file():
        return GuardFolder.open(Path(model))
    if harmful_index is None:
        harmful_index = _harmful_label(model, network.config.id2label)
    return describe(model, network, About(harmful_index=harmful_index))


def _harmful_label(model: str, names: dict[int, str]) -> int:
    """The one label whose name means unsafe."""
    found = [index for index, name in names.items() if _HARMFUL.fullmatch(str(name))]
    if len(found) != 1:
        listed = ", ".join(f"{index} ({name})" for index, name in sorted(names.items()))
        raise TeacherError(
            f"which label of {model} means unsafe? Its names do not say: {listed}; give "
            "--harmful-index"
        )
    return int(found[0])
