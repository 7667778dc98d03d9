"""The whole way through the command line: train, calibrate, export, evaluate, card, check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runner import guardlet, invoke
from training_helpers import made_up_rows, recipe_tree, source_line, write_recipe, write_source

from guardlet import Bundle
from guardlet_training.rows import Row

LENGTHS = {"max_tokens": 32, "stride": 4, "max_windows": 2, "prompt_budget": 8, "max_chars": 999}
TRAINING = {
    "epochs": 10,
    "batch_size": 20,
    "micro_batch_size": 20,
    "learning_rate": 3e-3,
    "warmup_steps": 5,
    "balance": "label",
    "precision": "fp32",
}


def obvious_rows(count: int, seed: int) -> list[Row]:
    """Rows whose judged text begins with two dragons where it is harmful, and never else."""
    rows = []
    for row in made_up_rows(count, seed):
        texts = [text and text.replace("dragon", "garden") for text in (row.prompt, row.response)]
        if row.target:
            judged = 1 if row.response else 0
            texts[judged] = f"dragon dragon {texts[judged]}"
        prompt, response = texts[0] or "", texts[1]
        rows.append(Row(row.id, prompt, response, row.label, source="made-up", license="CC0-1.0"))
    return rows


@pytest.mark.slow
def test_from_recipe_to_verdict(tmp_path: Path, tiny_bert: Path) -> None:
    write_source(tmp_path, obvious_rows(120, seed=0))
    recipe = write_recipe(
        tmp_path,
        recipe_tree(
            model={"source": str(tiny_bert), "transplant": True, "dropout": 0.0},
            data=[source_line("recipe:rows.jsonl")],
            input=LENGTHS,
            training=TRAINING,
        ),
    )
    dev = tmp_path / "dev"
    dev.mkdir()
    for seed, name in enumerate(("one", "two"), 1):
        write_source(dev, obvious_rows(60, seed), f"{name}.jsonl")
    model, bundle, report = tmp_path / "run/model", tmp_path / "my-guard", tmp_path / "report.json"
    limits = tmp_path / "limits.md"
    limits.write_text("## Limits\n\nKnows one word.\n", encoding="utf-8")

    assert str(model) in guardlet("train", recipe, "--out", tmp_path / "run")
    assert "balanced: harmful from" in guardlet("calibrate", model, dev)
    assert str(bundle) in guardlet("export", model, bundle)
    guardlet("evaluate", dev, "--bundle", bundle, "--json", report)
    guardlet("card", bundle, report, "--limits", limits)
    guardlet("verify", bundle)
    assert "tiny@1.0.0" in guardlet("info", bundle)

    figures = json.loads(report.read_text(encoding="utf-8"))
    assert list(figures["datasets"]) == ["one", "two"]
    assert figures["mean"]["f1"] > 0.9
    point = Bundle.open(bundle).manifest.score.operating_points["balanced"]
    assert point.fitted_on == ("one", "two")

    verdict = json.loads(guardlet("check", "dragon dragon apple", "--bundle", bundle, "--json"))
    assert verdict["level"] == "harmful" and verdict["bundle"] == "tiny@1.0.0"
    harmful = ("check", "window", "--response", "dragon dragon zebra", "--bundle", bundle)
    assert invoke(*harmful, "--exit-code").exit_code == 1
    assert "safe" in guardlet("check", "apple bridge candle", "--bundle", bundle, "--exit-code")
