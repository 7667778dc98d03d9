"""Adapting a tiny guard end to end: what is learnt, written, reported and refused."""

from __future__ import annotations

import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from cli_runner import guardlet, invoke
from tiny_models import save_tiny_guard, tiny_classifier
from training_helpers import made_up_rows, sentence

from guardlet import Bundle, Guard
from guardlet.cli.console import track
from guardlet.errors import DataError
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.guard_folder import GuardFolder, GuardFolderError
from guardlet_export.reference import TorchEngine
from guardlet_training.adapt.method import Method, Target
from guardlet_training.adapt.regression import RegressionError
from guardlet_training.adapt.run import adapt
from guardlet_training.adapt.settings import AdaptSettings
from guardlet_training.adapt.tune import tune
from guardlet_training.rows import Row, write_rows

QUICK = AdaptSettings(rank=4, steps=30, batch_size=4, learning_rate=2e-2)
FILES = {"model.safetensors", "config.json", "tokenizer.json", "guard.json"}


def new_cases(count: int = 20) -> list[Row]:
    """Prompts and pairs that speak of quartz and are harmful, or of velvet and are not."""
    rng = random.Random(1)
    words = ("velvet", "quartz")
    return [
        Row(
            id=f"case-{i}",
            prompt=f"{sentence(rng, 3)} {words[i % 2]} {words[i % 2]} {sentence(rng, 2)}",
            response=f"{words[i % 2]} {sentence(rng, 4)}" if i % 3 == 0 else None,
            label=i % 2,
            source="field reports",
            license="CC0-1.0",
        )
        for i in range(count)
    ]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with new.jsonl, replay.jsonl and check.jsonl."""
    write_rows(tmp_path / "new.jsonl", new_cases())
    write_rows(tmp_path / "replay.jsonl", made_up_rows(40, seed=2))
    write_rows(tmp_path / "check.jsonl", made_up_rows(30, seed=3))
    return tmp_path


def run(guard: Path, files: Path, name: str = "out", **options: Any) -> Any:
    arguments: dict[str, Any] = {
        "examples": files / "new.jsonl",
        "replay": [str(files / "replay.jsonl")],
        "checks": {"check": files / "check.jsonl"},
        "track": track,
        "settings": QUICK,
        "max_drop": 1.0,
        "precisions": ("fp32",),
    }
    return adapt(guard, files / name, **(arguments | options))


@pytest.mark.slow
@pytest.mark.parametrize("method", Method)
def test_what_is_learnt_reaches_cases_held_out_and_the_guard_written(
    tiny_guard: Path, files: Path, method: Method
) -> None:
    settings = AdaptSettings(method, rank=4, steps=60, batch_size=4, learning_rate=1e-2)
    report = run(tiny_guard, files, settings=settings, fold_count=2)
    held_out = report.held_out
    assert held_out.after["balanced"].rows == 20
    assert held_out.after["balanced"].auprc > max(0.8, held_out.before["balanced"].auprc)
    out = files / "out/model"
    assert {path.name for path in out.iterdir()} == FILES
    adapted = TorchEngine.from_folder(out)
    guard = GuardFolder.open(out)
    windows = [guard.encoder().encode(r.prompt, r.response).windows[0] for r in new_cases()]
    right = [
        (guard.score.score(adapted.logits(window), "prompt") >= 0.5) == bool(row.label)
        for window, row in zip(windows, new_cases(), strict=True)
    ]
    assert sum(right) >= 18


@pytest.mark.slow
def test_the_guard_written_says_where_it_comes_from_and_becomes_a_bundle(
    tiny_guard: Path, files: Path
) -> None:
    report = run(tiny_guard, files)
    assert (report.before, report.after) == ("tiny@1.0.0", "tiny@1.0.1")
    about = json.loads((files / "out/model/guard.json").read_text("utf-8"))
    assert about["version"] == "1.0.1"
    assert {"name": "field reports", "license": "CC0-1.0"} in about["sources"]
    (record,) = about["provenance"]["adaptations"]
    assert record["from_version"] == "1.0.0"
    assert record["settings"] | {"rank": 4, "alpha": 8, "learning_rate": 2e-2} == record["settings"]
    assert record["data"]["examples"]["rows"] == 20
    assert set(record["sets"]["check"]) == {"before", "after"}
    assert about["provenance"]["recipe"] == "none"
    assert Guard.load(files / "out/bundle").bundle_label == "tiny@1.0.1"
    again = run(files / "out/model", files, "twice")
    assert again.after == "tiny@1.0.2"
    about = json.loads((files / "twice/model/guard.json").read_text("utf-8"))
    assert len(about["provenance"]["adaptations"]) == 2


@pytest.mark.slow
def test_replayed_rows_keep_the_scores_they_had(tiny_guard: Path) -> None:
    """All are labelled harmful, so learning the labels raises their scores."""
    guard = GuardFolder.open(tiny_guard)
    replay = [dataclasses.replace(row, label=1) for row in made_up_rows(40, seed=2)]
    windows = [guard.encoder().encode(row.prompt, row.response).windows[0] for row in replay]

    def scores(model: TorchEngine) -> list[float]:
        return [guard.score.score(model.logits(window), "prompt") for window in windows]

    def moved(target: Target) -> float:
        tuned = tune(guard, new_cases(), replay, dataclasses.replace(QUICK, target=target))
        after = scores(TorchEngine(tuned))
        return sum(abs(a - b) for a, b in zip(after, before, strict=True)) / len(before)

    before = scores(TorchEngine.from_folder(tiny_guard))
    assert moved(Target.SCORES) < 0.7 * moved(Target.LABELS)


@pytest.mark.slow
def test_the_seed_alone_decides_the_weights(tiny_guard: Path, files: Path) -> None:
    torch.manual_seed(0)
    run(tiny_guard, files, "first")
    torch.manual_seed(1)
    run(tiny_guard, files, "second")
    first, second = (
        (files / n / "model/model.safetensors").read_bytes() for n in ("first", "second")
    )
    assert first == second


@pytest.mark.slow
def test_a_set_that_gets_worse_is_refused_and_nothing_is_written(
    tiny_guard: Path, files: Path
) -> None:
    """The check set is labelled as the guard scores it, so any change can only be for the worse."""
    guard, engine = GuardFolder.open(tiny_guard), TorchEngine.from_folder(tiny_guard)
    rows = made_up_rows(40, seed=5)
    scores = [
        guard.score.worst(map(engine.logits, encoding.windows), encoding.judged)[0]
        for encoding in (guard.encoder().encode(row.prompt, row.response) for row in rows)
    ]
    labelled = [
        Row(row.id, row.prompt, row.response, int(score >= 0.5))
        for row, score in zip(rows, scores, strict=True)
    ]
    write_rows(files / "check.jsonl", labelled)
    before = sorted(files.iterdir())
    arguments = (
        *("adapt", tiny_guard, "--examples", files / "new.jsonl"),
        *("--replay", files / "replay.jsonl", "--check", f"own={files / 'check.jsonl'}"),
        *("--out", files / "out", "--steps", 30, "--learning-rate", 0.02, "--folds", 0),
        *("--precision", "fp32"),
    )
    report_file = files / "report.json"
    with pytest.raises(RegressionError, match=r"on own .* nothing was written"):
        invoke(*arguments, "--json", report_file)
    assert sorted(files.iterdir()) == before
    output = guardlet(*arguments, "--max-drop", 1, "--json", report_file)
    assert "own" in output and "tiny@1.0.1" in output
    report = json.loads(report_file.read_text("utf-8"))
    assert report["sets"]["own"]["before"]["balanced"]["f1"] == 1.0
    assert report["objection"] is None


@pytest.mark.slow
def test_a_bundle_is_thawed_and_its_next_version_written(tiny_bundle: Path, files: Path) -> None:
    report = run(tiny_bundle, files)
    assert (report.before, report.after) == ("tiny@1.0.0", "tiny@1.0.1")
    assert {path.name for path in (files / "out").iterdir()} == {"model", "bundle"}
    manifest = Bundle.open(files / "out/bundle").manifest
    assert [item.id for item in manifest.artifacts] == ["onnx-fp32"]
    assert manifest.provenance["thawed"]["from"] == "tiny@1.0.0"


@pytest.mark.slow
def test_without_a_model_the_embedded_guard_is_adapted(
    tiny_bundle: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guardlet_training.trainable.default_bundle", lambda: tiny_bundle)
    output = guardlet(
        *("adapt", "--examples", files / "new.jsonl", "--replay", files / "replay.jsonl"),
        *("--check", f"own={files / 'check.jsonl'}", "--out", files / "out", "--max-drop", 1),
        *("--steps", 2, "--folds", 0, "--precision", "fp32"),
    )
    assert "tiny@1.0.1" in output
    assert guardlet("verify", files / "out/bundle")


@pytest.mark.slow
def test_a_bundle_that_cannot_be_written_leaves_the_model(files: Path) -> None:
    """Four bits need widths that are multiples of 32."""
    narrow = save_tiny_guard(files / "narrow", tiny_classifier("mini", hidden_size=24))
    with pytest.raises(UnsupportedModelError, match="not 24"):
        run(narrow, files, precisions=("int4",))
    assert [path.name for path in (files / "out").iterdir()] == ["model"]


def test_an_unknown_precision_is_refused(tiny_guard: Path, files: Path) -> None:
    words = arguments_with(tiny_guard, files, ["a=x.jsonl"])
    assert invoke(*words, "--precision", "int3").exit_code == 2


def test_a_taken_place_is_refused(tiny_guard: Path, files: Path) -> None:
    (files / "out").mkdir()
    with pytest.raises(GuardFolderError, match="exists"):
        run(tiny_guard, files)


def test_a_case_that_is_in_a_check_set_is_refused(tiny_guard: Path, files: Path) -> None:
    write_rows(files / "check.jsonl", [*made_up_rows(5), new_cases()[3]])
    with pytest.raises(DataError, match=r"1 rows of .* are in a check set"):
        run(tiny_guard, files)


def test_at_least_one_check_set_is_needed(tiny_guard: Path, files: Path) -> None:
    with pytest.raises(DataError, match="at least one check set"):
        run(tiny_guard, files, checks={})


def test_other_layouts_of_labels_are_refused(tiny_guard: Path, tmp_path: Path, files: Path) -> None:
    folder = tmp_path / "turned"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes((tiny_guard / name).read_bytes())
    about = json.loads((folder / "guard.json").read_text("utf-8"))
    about["labels"] = ["a", "b", "c"]
    (folder / "guard.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(GuardFolderError, match="two labels"):
        run(folder, files)


@pytest.mark.parametrize("checks", [["check.jsonl"], ["=check.jsonl"], ["a="]])
def test_checks_are_named(tiny_guard: Path, files: Path, checks: list[str]) -> None:
    assert invoke(*arguments_with(tiny_guard, files, checks)).exit_code == 2


def test_two_checks_of_one_name_are_refused(tiny_guard: Path, files: Path) -> None:
    with pytest.raises(DataError, match="called a"):
        invoke(*arguments_with(tiny_guard, files, ["a=x.jsonl", "a=y.jsonl"]))


def arguments_with(guard: Path, files: Path, checks: list[str]) -> list[Any]:
    named = [word for check in checks for word in ("--check", check)]
    new, replay = files / "new.jsonl", files / "replay.jsonl"
    out = files / "out"
    return ["adapt", guard, "--examples", new, "--replay", replay, "--out", out, *named]
