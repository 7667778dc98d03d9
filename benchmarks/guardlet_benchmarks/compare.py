"""One model by every route: emitted, scored beside PyTorch, and timed in turns."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from guardlet.encoder import Window
from guardlet.engines import Engine
from guardlet.engines.onnx import OnnxEngine
from guardlet_benchmarks.machine import PRODUCT_OPERATIONS, product
from guardlet_benchmarks.models import random_windows
from guardlet_benchmarks.operations import operations
from guardlet_benchmarks.routes import ROUTES
from guardlet_benchmarks.timing import interleaved_ms
from guardlet_export.deberta_weights import read_weights
from guardlet_export.reference import TorchEngine

_HARMFUL = 1

Json = dict[str, Any]


def compare(
    name: str, engine: TorchEngine, lengths: Sequence[int], rounds: int, windows: int
) -> Json:
    """Figures of `engine`'s model, ready for JSON: size and emission of each route's file and, for
    each length, milliseconds, speed relative to optimum's, share of the machine's rate, and error
    of the scores of `windows` texts against fp32 PyTorch."""
    config = engine.model.config
    max_tokens = max(lengths)
    texts = {n: random_windows(config, n, windows, seed=2) for n in lengths}
    expected = {n: _scores(engine, texts[n]) for n in lengths}
    emitted: Json = {}
    engines: dict[str, OnnxEngine] = {}
    for route in ROUTES:
        with tempfile.TemporaryDirectory() as folder:
            before = time.process_time()
            file = route.emit(engine, max_tokens, Path(folder))
            seconds = time.process_time() - before
            emitted[route.name] = {"bytes": file.stat().st_size, "emit_seconds": round(seconds, 2)}
            engines[route.name] = OnnxEngine(file.read_bytes(), 1)
    weights = read_weights(engine.model, max_tokens)
    results = []
    for length in lengths:
        result = _timed(engines, texts[length][0], operations(weights, length), rounds)
        result["score_error"] = {
            route: _error(_scores(onnx, texts[length]), expected[length])
            for route, onnx in engines.items()
        }
        results.append({"tokens": length, **result})
    parameters = sum(parameter.numel() for parameter in engine.model.parameters())
    return {"model": name, "parameters": parameters, "routes": emitted, "lengths": results}


def _timed(engines: dict[str, OnnxEngine], text: Window, work: int, rounds: int) -> Json:
    products = {"product-fp32": product("fp32"), "product-int8": product("int8")}
    calls = {name: partial(engine.logits, text) for name, engine in engines.items()}
    ms = interleaved_ms({**calls, **products}, rounds)
    rates = {kind: PRODUCT_OPERATIONS / ms[f"product-{kind}"] / 1e6 for kind in ("fp32", "int8")}
    return {
        "ms": {name: round(ms[name], 3) for name in engines},
        "speedup": {r.name: round(ms[r.baseline] / ms[r.name], 3) for r in ROUTES},
        "machine_gops": {kind: round(rate, 1) for kind, rate in rates.items()},
        "share_of_machine": {
            r.name: round(work / ms[r.name] / 1e6 / rates[r.arithmetic], 3) for r in ROUTES
        },
    }


def _scores(engine: Engine, windows: Sequence[Window]) -> Any:
    logits = np.array([engine.logits(window) for window in windows], dtype=np.float64)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers[:, _HARMFUL] / powers.sum(-1)


def _error(found: Any, expected: Any) -> Json:
    delta = np.abs(found - expected)
    return {"max": float(f"{delta.max():.3g}"), "mean": float(f"{delta.mean():.3g}")}
