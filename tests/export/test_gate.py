"""The gate: what it measures on labelled data, what it refuses, and what it writes down."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import guardlet
from numpy.typing import NDArray
from tiny_models import RULES, WORDS, save_tiny_guard, tiny_classifier, tiny_tokenizer

from guardlet import Bundle, Window
from guardlet.encoder import Encoder
from guardlet.errors import DataError
from guardlet_export.errors import ParityError
from guardlet_export.export import export_bundle
from guardlet_export.gate import Gate, GateLimits, for_manifest
from guardlet_export.guard_folder import uncalibrated

LOOSE = GateLimits(1, 1, 1, 1, 1)
ENCODER = Encoder(str(tiny_tokenizer().to_str()), RULES)


class ByWord:
    """An engine that knows the score of each word of the vocabulary."""

    def __init__(self, **scores: float) -> None:
        self._scores = {tiny_tokenizer().token_to_id(word): s for word, s in scores.items()}

    def logits(self, window: Window) -> NDArray[np.float32]:
        score = self._scores[window.ids[1]]
        return np.log(np.array([1 - score, score], dtype=np.float32))


REFERENCE = ByWord(apple=0.9, bridge=0.8, candle=0.1, dragon=0.2)


def write_set(path: Path, rows: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture
def four(tmp_path: Path) -> Path:
    """Two harmful and two benign rows, one without a label and one without text."""
    labels = {"apple": 1, "bridge": 1, "candle": 0, "dragon": 0}
    rows = [{"prompt": word, "label": label} for word, label in labels.items()]
    return write_set(
        tmp_path / "four.jsonl.gz", [*rows, {"prompt": "engine"}, {"prompt": "", "label": 1}]
    )


def gate(*files: Path, limits: GateLimits = LOOSE) -> Gate:
    return Gate(files, limits, ENCODER, REFERENCE, uncalibrated(1))


def test_figures(four: Path) -> None:
    found = gate(four).reports(ByWord(apple=0.9, bridge=0.4, candle=0.1, dragon=0.6))
    assert for_manifest(found) == {
        "four": {
            "rows": 4,
            "max_score_delta": 0.4,
            "mean_score_delta": 0.2,
            "verdict_flips": 2,
            "f1_delta": -0.5,
            "recall_delta": -0.5,
            "fpr_delta": 0.5,
        }
    }


def test_an_equal_engine_passes_the_strictest_limits(four: Path) -> None:
    assert gate(four, limits=GateLimits(0, 0, 0, 0, 0)).accepts(REFERENCE)


def test_what_is_better_is_no_objection(tmp_path: Path) -> None:
    data = write_set(tmp_path / "wrong.jsonl", [{"prompt": "candle", "label": 1}] * 4)
    limits = GateLimits(mean=1, flips=1, f1=0, recall=0, fpr=0)
    assert gate(data, limits=limits).accepts(ByWord(candle=0.9))


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (GateLimits(0.19, 1, 1, 1, 1), r"mean .* 0\.2000 \(limit 0\.19\)"),
        (GateLimits(1, 0.49, 1, 1, 1), r"flip is 0\.5000 \(limit 0\.49\)"),
        (GateLimits(1, 1, 0.49, 1, 1), r"F1 is 0\.5000"),
        (GateLimits(1, 1, 1, 0.49, 1), r"recall is 0\.5000"),
        (GateLimits(1, 1, 1, 1, 0.49), r"false-positive rate is 0\.5000"),
    ],
)
def test_every_figure_has_a_limit(four: Path, limits: GateLimits, named: str) -> None:
    judged = gate(four, limits=limits)
    objection = judged.objection(
        judged.reports(ByWord(apple=0.9, bridge=0.4, candle=0.1, dragon=0.6))
    )
    assert objection and objection.startswith("on four its ")
    assert re.search(named, objection)


def test_one_class_alone_has_no_f1(tmp_path: Path) -> None:
    data = write_set(tmp_path / "benign.jsonl", [{"prompt": "candle", "soft_label": 0.2}])
    (report,) = gate(data).reports(ByWord(candle=0.7)).values()
    assert (report.f1_delta, report.recall_delta, report.fpr_delta) == (None, None, 1.0)


def test_data_that_cannot_be_used(four: Path, tmp_path: Path) -> None:
    for rows in ([], [{"prompt": "apple"}], [{"prompt": "", "label": 1}]):
        with pytest.raises(DataError, match="no labelled rows"):
            gate(write_set(tmp_path / "useless.jsonl", rows))
    with pytest.raises(DataError, match="two data sets are called four"):
        gate(four, write_set(tmp_path / "four.jsonl", [{"prompt": "apple", "label": 1}]))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [{"prompt": word, "label": i % 2} for i, word in enumerate(WORDS)]
    rows += [{"prompt": w, "response": "yellow zebra", "label": 1} for w in WORDS[:5]]
    return write_set(tmp_path_factory.mktemp("data") / "words.jsonl", rows)


@pytest.mark.slow
def test_the_command_records_the_gate(tiny_guard: Path, words: Path, tmp_path: Path) -> None:
    options = ("--precision", "fp32", "--gate", words, "--gate-flips", "0", "--gate-f1", "0")
    guardlet("export", tiny_guard, tmp_path / "out", *options)
    (artifact,) = Bundle.open(tmp_path / "out").manifest.artifacts
    (name, figures), *_ = artifact.parity["gate"].items()
    assert (name, figures["rows"], figures["verdict_flips"]) == ("words", len(WORDS) + 5, 0)
    assert figures["max_score_delta"] <= 1e-5


@pytest.mark.slow
def test_an_artifact_beyond_the_gate_leaves_no_bundle(
    tiny_guard: Path, words: Path, tmp_path: Path
) -> None:
    limits = GateLimits(mean=0.0)
    with pytest.raises(ParityError, match=r"model_fp16\.onnx: on words its mean"):
        export_bundle(tiny_guard, tmp_path / "out", ("fp16",), gate=[words], limits=limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_int8_keeps_in_float32_what_the_gate_asks_for(words: Path, tmp_path: Path) -> None:
    model = tiny_classifier("mini", initializer_range=0.3)
    guard = save_tiny_guard(tmp_path / "guard", model)
    plain = Bundle.open(export_bundle(guard, tmp_path / "plain")).manifest.artifacts[0].parity
    free = Bundle.open(export_bundle(guard, tmp_path / "free", gate=[words], limits=LOOSE))
    mean = free.manifest.artifacts[0].parity["gate"]["words"]["mean_score_delta"]
    limits = GateLimits(mean * 0.9, 1, 1, 1, 1)
    gated = Bundle.open(export_bundle(guard, tmp_path / "gated", gate=[words], limits=limits))
    parity = gated.manifest.artifacts[0].parity
    assert parity["gate"]["words"]["mean_score_delta"] <= mean * 0.9
    assert len(parity["kept_in_float32"]) > len(plain["kept_in_float32"])
