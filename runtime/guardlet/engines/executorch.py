"""ExecuTorch on the CPU, through its Python bindings."""

from __future__ import annotations

import threading

import executorch.kernels.quantized  # noqa: F401  (registers the kernels of quantised embeddings)
import numpy as np
import torch

# Not `executorch.runtime`, which imports the whole exporter: seconds, and warnings on stderr.
from executorch.extension.pybindings import _portable_lib as bindings
from numpy.typing import NDArray

from guardlet.bundle import Artifact, Bundle
from guardlet.encoder import Window
from guardlet.errors import EngineError

_PREFIX = "forward_"
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_program_loaded = threading.Event()
_loading = threading.Lock()


class ExecutorchEngine:
    """A program with methods `forward_N` for windows of at most N tokens.

    Each takes int64 [1, N] input_ids, attention_mask and, if it has three inputs,
    token_type_ids; its output is float32 [1, labels].
    """

    def __init__(self, program: bytes, threads: int | None = None, pad: int = 0) -> None:
        """`threads` a check may use, by default ExecuTorch's choice: one number for the whole
        process. `pad` is the id that fills a window up to N. Raises EngineError."""
        with _loading:
            _use_threads(threads)
            _program_loaded.set()
        self._pad = pad
        self._lock = threading.Lock()
        self._buffer = program  # ExecuTorch reads from it as long as it runs
        try:
            self._program = bindings._load_program_from_buffer(
                program, program_verification=bindings.Verification.InternalConsistency
            )
            names = [self._program.get_method_name(i) for i in range(self._program.num_methods())]
            lengths = sorted(_length(name) for name in names)
            self._methods = {n: self._program.load_method(f"{_PREFIX}{n}") for n in lengths}
        except RuntimeError as error:
            raise EngineError(f"ExecuTorch cannot load the model: {error}") from error
        for length, method in self._methods.items():
            _check_inputs(length, method.method_meta())

    def logits(self, window: Window) -> NDArray[np.float32]:
        length = len(window.ids)
        size = next((n for n in self._methods if n >= length), None)
        if size is None:
            raise EngineError(f"the model takes no window of {length} tokens")
        method = self._methods[size]
        columns = np.zeros((len(_INPUTS), 1, size), dtype=np.int64)
        columns[0, 0] = self._pad
        columns[0, 0, :length] = window.ids
        columns[1, 0, :length] = 1
        columns[2, 0, :length] = window.type_ids
        count = method.method_meta().num_inputs()
        try:
            with self._lock:  # a method keeps its inputs and outputs in itself
                outputs = method([torch.from_numpy(row) for row in columns[:count]])
            logits: NDArray[np.float32] = outputs[0][0].numpy()
        except Exception as error:
            raise EngineError(f"ExecuTorch failed: {type(error).__name__}") from None
        return logits


def open_artifact(bundle: Bundle, artifact: Artifact, threads: int | None) -> ExecutorchEngine:
    """Loads from memory, so that what runs is exactly what was checked."""
    if len(artifact.files) != 1:
        raise EngineError(f"artifact {artifact.id} must be a single .pte file")
    content = bundle.read(artifact.files[0])
    return ExecutorchEngine(content, threads, bundle.manifest.input.pad)


def _use_threads(threads: int | None) -> None:
    """Sizes ExecuTorch's pool. A program keeps a pointer to the pool it was loaded with, so the
    pool stays once there is one."""
    if threads is None or threads == bindings._threadpool_get_thread_count():
        return
    if _program_loaded.is_set():
        raise EngineError(
            "ExecuTorch already runs with another number of threads in this process; "
            "give the same number, or none"
        )
    bindings._unsafe_reset_threadpool(threads)


def _length(method: str) -> int:
    digits = method.removeprefix(_PREFIX)
    if digits == method or not digits.isdecimal():
        raise EngineError(f"the model's methods must be called {_PREFIX}N, N a number of tokens")
    return int(digits)


def _check_inputs(length: int, meta: bindings.MethodMeta) -> None:
    shapes = [meta.input_tensor_meta(i).sizes() for i in range(meta.num_inputs())]
    if len(shapes) not in (2, 3) or any(tuple(shape) != (1, length) for shape in shapes):
        raise EngineError(
            f"the model's method {_PREFIX}{length} must take {', '.join(_INPUTS)} or the first two "
            f"of them, each [1, {length}]"
        )
