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
from guardlet.scoring import ScoreRules
from guardlet_benchmarks.machine import PRODUCT_OPERATIONS, product
from guardlet_benchmarks.models import random_windows
from guardlet_benchmarks.operations import operations
from guardlet_benchmarks.routes import GUARDLET_INT8, Route
from guardlet_benchmarks.timing import interleaved_ms
from guardlet_export.deberta_weights import read_weights
from guardlet_export.reference import TorchEngine

_RULES = ScoreRules(temperature=1.0, harmful_index=1, operating_points={})

Json = dict[str, Any]


def compare(
    name: str,
    engine: TorchEngine,
    routes: Sequence[Route],
    lengths: Sequence[int],
    rounds: int,
    windows: int,
) -> Json:
    """Figures of `engine`'s model, ready for JSON: size and emission of each route's file and, for
    each length, milliseconds, speed relative to optimum's, time relative to our ONNX int8, share
    of the machine's rate, and error of the scores of `windows` texts against fp32 PyTorch."""
    config = engine.model.config
    texts = {n: random_windows(config, n, windows, seed=2) for n in lengths}
    expected = {n: _scores(engine, texts[n]) for n in lengths}
    emitted: Json = {}
    engines: dict[str, Engine] = {}
    for route in routes:
        with tempfile.TemporaryDirectory() as folder:
            before = time.process_time()
            file = route.emit(engine, lengths, Path(folder))
            seconds = time.process_time() - before
            emitted[route.name] = {"bytes": file.stat().st_size, "emit_seconds": round(seconds, 2)}
            engines[route.name] = route.open(file)
    weights = read_weights(engine.model, max(lengths))
    results = []
    for length in lengths:
        result = _timed(routes, engines, texts[length][0], operations(weights, length), rounds)
        result["score_error"] = {
            route: _error(_scores(opened, texts[length]), expected[length])
            for route, opened in engines.items()
        }
        results.append({"tokens": length, **result})
    parameters = sum(parameter.numel() for parameter in engine.model.parameters())
    return {"model": name, "parameters": parameters, "routes": emitted, "lengths": results}


def _timed(
    routes: Sequence[Route], engines: dict[str, Engine], text: Window, work: int, rounds: int
) -> Json:
    products = {"product-fp32": product("fp32"), "product-int8": product("int8")}
    calls = {name: partial(engine.logits, text) for name, engine in engines.items()}
    ms = interleaved_ms({**calls, **products}, rounds)
    rates = {kind: PRODUCT_OPERATIONS / ms[f"product-{kind}"] / 1e6 for kind in ("fp32", "int8")}
    return {
        "ms": {name: round(ms[name], 3) for name in engines},
        "speedup": {r.name: round(ms[r.baseline] / ms[r.name], 3) for r in routes},
        "time_of_guardlet_int8": {
            name: round(ms[name] / ms[GUARDLET_INT8.name], 3) for name in engines
        },
        "machine_gops": {kind: round(rate, 1) for kind, rate in rates.items()},
        "share_of_machine": {
            r.name: round(work / ms[r.name] / 1e6 / rates[r.arithmetic], 3) for r in routes
        },
    }


def _scores(engine: Engine, windows: Sequence[Window]) -> Any:
    return np.array([_RULES.score(engine.logits(window), "prompt") for window in windows])


def _error(found: Any, expected: Any) -> Json:
    delta = np.abs(found - expected)
    return {"max": float(f"{delta.max():.3g}"), "mean": float(f"{delta.mean():.3g}")}
