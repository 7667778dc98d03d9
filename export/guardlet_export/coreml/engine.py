"""Scores windows with a Core ML artifact: by Core ML itself on macOS, by NumPy elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from guardlet.bundle import Artifact, Bundle
from guardlet.encoder import Window
from guardlet.errors import EngineError
from guardlet_export.coreml.convert import INPUTS, OUTPUT, quiet
from guardlet_export.coreml.layout import is_package, length_of, packages
from guardlet_export.mil_numpy.program import read_package

Array = NDArray[Any]


class Model(Protocol):
    """Runs inputs of one length."""

    @property
    def inputs(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes by name."""
        ...

    def __call__(self, feed: Mapping[str, Array]) -> Mapping[str, Array]:
        """Outputs by name."""
        ...


class CoreMLEngine:
    """Pads a window to the next length there is. `evaluator` says what computes."""

    def __init__(self, models: Mapping[int, Model], evaluator: str) -> None:
        self.evaluator = evaluator
        self._models = dict(sorted(models.items()))

    @classmethod
    def open(cls, entry: Path) -> CoreMLEngine:
        """By Core ML where it exists, else by NumPy. Raises EngineError."""
        return cls.with_core_ml(entry) if sys.platform == "darwin" else cls.with_numpy(entry)

    @classmethod
    def with_numpy(cls, entry: Path) -> CoreMLEngine:
        """Evaluates the saved program. Raises ProgramError, an EngineError."""
        if is_package(entry):
            models = {length_of(name): f for name, f in read_package(entry).items()}
        else:
            models = {n: read_package(path)["main"] for n, path in packages(entry).items()}
        return cls(models, "NumPy")

    @classmethod
    def with_core_ml(cls, entry: Path) -> CoreMLEngine:
        """Needs macOS. Raises EngineError."""
        if sys.platform != "darwin":
            raise EngineError("Core ML runs on macOS only")
        if is_package(entry):
            names = read_package(entry)
            models = {length_of(name): _Predictor(entry, name) for name in names}
        else:
            models = {n: _Predictor(path, None) for n, path in packages(entry).items()}
        return cls(models, "Core ML")

    def logits(self, window: Window) -> NDArray[np.float32]:
        """Float32 [labels] for one window. Raises EngineError."""
        tokens = len(window.ids)
        length = next((n for n in self._models if n >= tokens), None)
        if length is None:
            raise EngineError(f"a window of {tokens} tokens is longer than the longest model")
        model = self._models[length]
        rows = (window.ids, (1,) * tokens, window.type_ids)
        feed = {name: _pad(row, length) for name, row in zip(INPUTS, rows, strict=True)}
        logits: Array = model({name: feed[name] for name in model.inputs})[OUTPUT][0]
        if not np.isfinite(logits).all():
            raise EngineError("the model overflows: its logits are not numbers")
        return logits.astype(np.float32)


class _Predictor:
    """A model loaded by Core ML."""

    def __init__(self, package: Path, function: str | None) -> None:
        with quiet():
            import coremltools as ct

            self._model = ct.models.MLModel(str(package), function_name=function)
        description = self._model.input_description
        self.inputs: dict[str, tuple[int, ...]] = dict.fromkeys(description, ())

    def __call__(self, feed: Mapping[str, Array]) -> Mapping[str, Array]:
        outputs: Mapping[str, Array] = self._model.predict(dict(feed))
        return outputs


def _pad(values: tuple[int, ...], length: int) -> Array:
    row = np.zeros((1, length), dtype=np.int32)
    row[0, : len(values)] = values
    return row


def open_artifact(bundle: Bundle, artifact: Artifact) -> CoreMLEngine:
    """The evaluator that `guardlet verify` finds. Raises EngineError or a BundleError."""
    return CoreMLEngine.open(bundle.check_artifact(artifact))
