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
_VOCABULARY = "get_vocab_size"
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_program_loaded = threading.Event()
_loading = threading.Lock()


class ExecutorchEngine:
    """A program with methods `forward_N` for windows of at most N tokens.

    Each takes int64 [1, N] input_ids, attention_mask and, if it has three inputs,
    token_type_ids; its output is float32 [1, labels]. `get_vocab_size` says which ids it knows.
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
        self._methods: dict[int, bindings.ExecuTorchMethod] = {}
        try:
            self._program = bindings._load_program_from_buffer(
                program, program_verification=bindings.Verification.InternalConsistency
            )
            names = [self._program.get_method_name(i) for i in range(self._program.num_methods())]
            lengths = sorted(_length(name) for name in names if name != _VOCABULARY)
            self._inputs = {length: self._count_inputs(length) for length in lengths}
            self._vocabulary = int(self._program.load_method(_VOCABULARY)([])[0])
            self._method(min(lengths))  # shows that this build has the kernels
        except (RuntimeError, ValueError) as error:
            raise EngineError(f"ExecuTorch cannot load the model: {error}") from error

    def logits(self, window: Window) -> NDArray[np.float32]:
        length = len(window.ids)
        size = next((n for n in self._inputs if n >= length), None)
        if size is None:
            raise EngineError(f"the model takes no window of {length} tokens")
        # Of an id it lacks ExecuTorch makes an error or, from int8 rows, the end of the process.
        if not 0 <= min(self._pad, *window.ids) <= max(self._pad, *window.ids) < self._vocabulary:
            raise EngineError("the tokenizer has tokens that the model lacks")
        feed = np.zeros((len(_INPUTS), 1, size), dtype=np.int64)
        feed[0, 0] = self._pad
        feed[0, 0, :length] = window.ids
        feed[1, 0, :length] = 1
        feed[2, 0, :length] = window.type_ids
        tensors = [torch.from_numpy(row) for row in feed[: self._inputs[size]]]
        try:
            with self._lock:  # a method keeps its inputs and outputs in itself
                outputs = self._method(size)(tensors)
            logits: NDArray[np.float32] = outputs[0][0].numpy()
        except Exception as error:
            raise EngineError(f"ExecuTorch failed: {type(error).__name__}") from None
        return logits

    def _method(self, length: int) -> bindings.ExecuTorchMethod:
        """Loads on first use: each method packs the weights it shares with the others anew."""
        if length not in self._methods:
            self._methods[length] = self._program.load_method(f"{_PREFIX}{length}")
        return self._methods[length]

    def _count_inputs(self, length: int) -> int:
        name = f"{_PREFIX}{length}"
        meta = self._program.method_meta(name)
        shapes = [tuple(meta.input_tensor_meta(i).sizes()) for i in range(meta.num_inputs())]
        if len(shapes) not in (2, 3) or set(shapes) != {(1, length)}:
            raise EngineError(
                f"the model's method {name} must take {', '.join(_INPUTS)} or the first two of "
                f"them, each [1, {length}]"
            )
        return len(shapes)


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
