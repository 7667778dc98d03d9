"""ONNX Runtime on the CPU."""

from __future__ import annotations

import os

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from guardlet.bundle import Artifact, Bundle
from guardlet.encoder import Window
from guardlet.errors import EngineError

_ERRORS_ONLY = 3
_INPUTS = frozenset(("input_ids", "attention_mask", "token_type_ids"))


class OnnxEngine:
    """An inference session. Inputs, each int64 [1, T], are any of input_ids, attention_mask and
    token_type_ids; the first output is float32 [1, labels]."""

    def __init__(self, model: bytes, threads: int | None = None) -> None:
        """`threads` per check, by default one for each core."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        # Planning which buffers to share takes time that grows with the square of the nodes, most
        # of a load, and saves no memory here: the arena gives a freed buffer out again.
        options.enable_mem_reuse = False
        # Threads that spin while they wait win microseconds and drain a phone's battery.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # A model may name files that hold its weights. Nobody has checked those: let none be found.
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", os.devnull
        )
        try:
            self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise EngineError(f"ONNX Runtime cannot load the model: {error}") from error
        self._inputs = [item.name for item in self._session.get_inputs()]
        if not _INPUTS.issuperset(self._inputs):
            raise EngineError(f"the model's inputs must be among {', '.join(sorted(_INPUTS))}")
        self._output = self._session.get_outputs()[0].name

    def logits(self, window: Window) -> NDArray[np.float32]:
        ids = np.asarray([window.ids], dtype=np.int64)
        feed = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.asarray([window.type_ids], dtype=np.int64),
        }
        try:
            result = self._session.run([self._output], {name: feed[name] for name in self._inputs})
            logits: NDArray[np.float32] = result[0][0]
        except Exception as error:
            raise EngineError(f"ONNX Runtime failed: {type(error).__name__}") from None
        return logits


def open_artifact(bundle: Bundle, artifact: Artifact, threads: int | None) -> OnnxEngine:
    """Loads from memory, so that what runs is exactly what was checked."""
    if len(artifact.files) != 1:
        raise EngineError(f"artifact {artifact.id} must be a single .onnx file")
    return OnnxEngine(bundle.read(artifact.files[0]), threads)
