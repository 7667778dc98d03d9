"""Engines: what runs a bundle's artifact. One module an engine, found by name."""

from __future__ import annotations

import importlib
import importlib.util
from importlib.metadata import entry_points
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from guardlet.bundle import Artifact, Bundle
from guardlet.encoder import Window
from guardlet.errors import EngineError


class Engine(Protocol):
    """Runs one window at a time, so that a text scores the same alone and in a batch.

    (Dynamic int8 shares one activation scale across whatever runs together, padding included.)
    Implementations are thread-safe.
    """

    def logits(self, window: Window) -> NDArray[np.float32]:
        """Float32 [labels] for one window. Raises EngineError."""
        ...


class Evaluator(Engine, Protocol):
    """An engine for verification only: right, not fast. `evaluator` names what computes."""

    evaluator: str


EVALUATORS = "guardlet.evaluators"
_MODULES = {"onnx": "guardlet.engines.onnx", "executorch": "guardlet.engines.executorch"}
_PACKAGES = {"onnx": "onnxruntime", "executorch": "executorch"}
_INSTALL = {"onnx": "onnxruntime", "executorch": '"guardlet[executorch]"'}


def open_engine(bundle: Bundle, artifact: Artifact, threads: int | None) -> Engine:
    """Checks the artifact's files and loads them. Raises EngineError or a BundleError."""
    if artifact.engine not in _MODULES:
        raise EngineError(f"engine {artifact.engine} cannot run from Python")
    try:
        module = importlib.import_module(_MODULES[artifact.engine])
    except ImportError:
        raise EngineError(
            f"engine {artifact.engine} is not installed: pip install {_INSTALL[artifact.engine]}"
        ) from None
    engine: Engine = module.open_artifact(bundle, artifact, threads)
    return engine


def can_run(artifact: Artifact) -> bool:
    """Whether this installation can run the artifact."""
    if artifact.engine not in _MODULES:
        return False
    return importlib.util.find_spec(_PACKAGES[artifact.engine]) is not None


def open_evaluator(bundle: Bundle, artifact: Artifact) -> Evaluator | None:
    """What another installed package offers to check an artifact that no engine here can run.

    It is an entry point of the group `guardlet.evaluators`, named like the artifact's engine: a
    function of bundle and artifact. None where there is none or a package it needs is missing.
    """
    for point in entry_points(group=EVALUATORS, name=artifact.engine):
        try:
            evaluator: Evaluator = point.load()(bundle, artifact)
        except ModuleNotFoundError:
            continue
        return evaluator
    return None


def choose_artifact(bundle: Bundle, engine: str | None) -> Artifact:
    """The artifact called `engine`, else the first of that engine, else the first that runs.

    Raises EngineError naming what the bundle has.
    """
    artifacts = bundle.manifest.artifacts
    for artifact in artifacts:
        if engine == artifact.id:
            return artifact
    for artifact in artifacts:
        if can_run(artifact) if engine is None else engine == artifact.engine:
            return artifact
    have = ", ".join(f"{a.id} ({a.engine})" for a in artifacts)
    wanted = "that can run here" if engine is None else f"for {engine!r}"
    raise EngineError(f"{bundle.manifest.label} has no artifact {wanted}; it has {have}")
