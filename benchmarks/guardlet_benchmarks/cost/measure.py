"""Latency and peak memory of a student, each way of running it in a fresh process.

python -m guardlet_benchmarks.cost.measure KIND PATH LENGTHS ROUNDS
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from guardlet.engines import Engine
from guardlet.errors import EngineError
from guardlet_benchmarks.device.resident import peak_bytes, resident_bytes
from guardlet_benchmarks.timing import interleaved_ms

PYTORCH, ONNX = "pytorch-fp32", "guardlet-int8"


@dataclass(frozen=True)
class Measured:
    """On one thread, one text at a time. `ms` by length: the median processor time of a text of
    so many tokens. `peak_bytes`: the most memory above that before the model was loaded."""

    file_bytes: int
    ms: dict[int, float]
    peak_bytes: int | None


def measure_student(name: str, lengths: tuple[int, ...], rounds: int) -> dict[str, Measured]:
    """The shape with random weights in PyTorch, and as our int8 graph. Raises EngineError."""
    from guardlet_benchmarks.models import SHAPES, random_model
    from guardlet_benchmarks.routes import GUARDLET_INT8
    from guardlet_export.reference import TorchEngine

    found = {}
    with tempfile.TemporaryDirectory() as place:
        engine = TorchEngine(random_model(SHAPES[name]))
        model = Path(place) / "model"
        engine.model.save_pretrained(model)
        weights = model / "model.safetensors"
        graph = GUARDLET_INT8.emit(engine, lengths, Path(place))
        del engine
        for kind, path, file in ((PYTORCH, model, weights), (ONNX, graph, graph)):
            found[kind] = _in_a_process(kind, path, file.stat().st_size, lengths, rounds)
    return found


def _in_a_process(
    kind: str, path: Path, size: int, lengths: Sequence[int], rounds: int
) -> Measured:
    words = [kind, str(path), ",".join(map(str, lengths)), str(rounds)]
    command = [sys.executable, "-W", "ignore", "-m", "guardlet_benchmarks.cost.measure", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EngineError(f"{kind}: its process failed: {reason[:200]}")
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    ms = {int(length): value for length, value in answer["ms"].items()}
    return Measured(size, ms, answer["peak_bytes"])


def _run(kind: str, path: Path, lengths: Sequence[int], rounds: int) -> dict[str, Any]:
    import torch

    from guardlet.engines.onnx import OnnxEngine
    from guardlet_benchmarks.models import SHAPES, deberta_config, random_windows
    from guardlet_export.reference import TorchEngine

    torch.set_num_threads(1)
    before = resident_bytes()
    engine: Engine = (
        TorchEngine.from_folder(path) if kind == PYTORCH else OnnxEngine(path.read_bytes(), 1)
    )
    # Token ids that every vocabulary of the shapes has.
    config = deberta_config(SHAPES["tiny"])
    times: dict[str, float] = {}
    for length in lengths:
        (window,) = random_windows(config, length, 1, seed=0)
        call = partial(engine.logits, window)
        times |= interleaved_ms({str(length): call}, rounds, budget=math.inf)
    peak = peak_bytes()
    above = None if peak is None or before is None else peak - before
    return {"ms": times, "peak_bytes": above}


def main() -> None:
    kind, path, lengths, rounds = sys.argv[1:]
    answer = _run(kind, Path(path), [int(n) for n in lengths.split(",")], int(rounds))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
