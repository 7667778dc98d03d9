"""A device report and an evaluation with everything a page can show."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
from device_reports import MEASUREMENT, REPORT

from guardlet_benchmarks.device.report import DeviceReport, Measurement, Noise
from guardlet_benchmarks.device.statistics import summarise
from guardlet_training.attacks import TRANSFORMS
from guardlet_training.curves import compute_curves
from guardlet_training.intervals import Share
from guardlet_training.metrics import Metrics, compute_metrics, mean_metrics

LENGTHS = (32, 64, 128, 256, 512)


def measured(
    artifact: str, engine: str, precision: str, speed: float, threads: int = 1, peer: bool = False
) -> Measurement:
    """Times that grow a little faster than the length, with a long tail."""
    generator = np.random.default_rng(round(speed * 1000) + threads)
    lengths = tuple(
        summarise(n, (speed * n**1.15 * (1 + generator.exponential(0.08, 60))).tolist(), [0.1])
        for n in LENGTHS
    )
    more = {"memory_bytes": None, "sustained": None, "parity": None} if peer else {}
    return replace(
        MEASUREMENT,
        artifact=artifact,
        engine=engine,
        precision=precision,
        threads=threads,
        peer=peer,
        bytes=24_000_000 if precision == "int8" else 91_000_000,
        lengths=lengths,
        **more,
    )


FULL_REPORT = replace(
    REPORT,
    measurements=(
        measured("onnx-int8", "onnx", "int8", 0.021),
        measured("onnx-fp32", "onnx", "fp32", 0.045),
        measured("executorch-int8", "executorch", "int8", 0.032),
        measured("executorch-fp32", "executorch", "fp32", 0.061),
        measured("onnx-int8", "onnx", "int8", 0.013, threads=2),
        measured("onnx-fp32", "onnx", "fp32", 0.027, threads=2),
        measured("optimum-fp32", "onnx", "fp32", 0.13, threads=2, peer=True),
    ),
)


def judged(rows: int, harmful: float, skill: float) -> dict[str, Any]:
    """Figures and curves of one set whose scores a temperature has tamed."""
    generator = np.random.default_rng(rows)
    labels = (generator.random(rows) < harmful).astype(int)
    margins = generator.normal((2 * labels - 1) * skill, 1.5)
    scores, raw = ((1 / (1 + np.exp(-t * margins))).tolist() for t in (1.0, 2.5))
    metrics = compute_metrics(labels.tolist(), scores, 0.5)
    return asdict(metrics) | asdict(compute_curves(labels.tolist(), scores, raw))


def evaluation(**sets: dict[str, Any]) -> dict[str, Any]:
    """As `guardlet evaluate --json --curves` writes it."""
    metrics = {n: Metrics(**{f.name: s[f.name] for f in fields(Metrics)}) for n, s in sets.items()}
    tree = {
        "bundle": "guardlet-mini@1.0.0",
        "engine": "onnx-int8",
        "operating_point": "balanced",
        "datasets": sets,
        "mean": mean_metrics(metrics),
    }
    plain: dict[str, Any] = json.loads(json.dumps(tree))
    return plain


EVALUATION = evaluation(
    prompts=judged(600, 0.4, 1.2),
    responses_in_their_context=judged(900, 0.3, 0.7),
    dialogues=judged(80, 0.5, 1.6),
    jailbreaks=judged(200, 0.8, 0.4),
    benign=judged(300, 0.0, 1.0),
)


CATEGORISED = evaluation(
    prompts=judged(600, 0.4, 1.2)
    | {
        "categories": {
            "risk area": {"fraud": judged(40, 0.5, 1.0), "privacy": judged(30, 1.0, 1.0)},
            "language": {f"language {i}": judged(20 + i, 0.5, 1.0) for i in range(21)},
        }
    }
)


def attacks(*names: str) -> dict[str, Any]:
    """As `guardlet attack --html` measures them, with more found once normalised."""
    return {
        mode: {
            "bundle": "guardlet-mini@1.0.0",
            "engine": "onnx-int8",
            "operating_point": "balanced",
            "normalised": mode == "normalised",
            "seed": 0,
            "outcomes": [
                {
                    "transform": name,
                    "target": target,
                    "harmful_before": asdict(Share.of(82, 100)),
                    "harmful_after": asdict(Share.of((found + 7 * index) % 101, 100)),
                    "benign_before": asdict(Share.of(9, 50)),
                    "benign_after": asdict(Share.of((found + 3 * index) % 51, 50)),
                }
                for index, name in enumerate(names)
                for target in ("prompt", "response")
            ],
        }
        for mode, found in (("plain", 30), ("normalised", 75))
    }


ATTACKS = attacks(*TRANSFORMS)


def incomplete(reason: str) -> DeviceReport:
    """FULL_REPORT of a noisy machine that went away."""
    return replace(FULL_REPORT, incomplete=reason, noise=Noise(0.4, True))
