"""Training a tiny guard end to end, stopping and resuming it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from training_helpers import made_up_rows, recipe_tree, source_line, write_recipe, write_source

from guardlet.errors import RecipeError
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import TorchEngine
from guardlet_training import train as module
from guardlet_training.train import train
from guardlet_training.trainer import use_bf16

FILES = ("model.safetensors", "config.json", "tokenizer.json", "guard.json")
# 60 rows are 12 micro-batches and 6 steps an epoch: the checkpoint lies inside the second epoch.
TRAINING = {
    "epochs": 2,
    "batch_size": 10,
    "micro_batch_size": 5,
    "max_tokens": 24,
    "learning_rate": 1e-3,
    "warmup_steps": 2,
    "balance": "label_and_form",
    "precision": "fp32",
    "checkpoint_steps": 8,
}
LENGTHS = {"max_tokens": 32, "stride": 4, "max_windows": 2, "prompt_budget": 8, "max_chars": 999}


class KilledError(Exception):
    """Stands for the end of the process."""


class KilledTrainer(module.GuardTrainer):
    """Dies in step 10, after the checkpoint of step 8."""

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        if self.state.global_step >= 10:
            raise KilledError
        return super().training_step(*args, **kwargs)


@pytest.fixture
def recipe(tmp_path: Path, tiny_bert: Path) -> Path:
    write_source(tmp_path, made_up_rows(60))
    tree = recipe_tree(
        model={"source": str(tiny_bert), "home": "a BERT", "license": "MIT", "transplant": True},
        data=[source_line("recipe:rows.jsonl")],
        input=LENGTHS,
        training=TRAINING,
    )
    return write_recipe(tmp_path, tree)


def train_from_the_same_start(recipe: Path, out: Path) -> Path:
    """Trains after seeding torch, as a fresh process would begin."""
    torch.manual_seed(0)
    return train(recipe, out)


def assert_same_weights(left: Path, right: Path) -> None:
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (left, right))
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], atol=1e-6, rtol=0, msg=name)


@pytest.mark.slow
def test_end_to_end(recipe: Path, tmp_path: Path) -> None:
    folder = train(recipe, tmp_path / "run")
    assert all((folder / name).is_file() for name in FILES)
    guard = GuardFolder.open(folder)
    assert guard.description["name"] == "tiny"
    assert guard.description["provenance"]["data"]["rows"] == 60
    assert guard.description["sources"] == [
        {"name": "a BERT", "license": "MIT"},
        {"name": "example.org", "license": "CC0-1.0"},
    ]
    window = guard.encoder().encode("apple bridge", "candle dragon").windows[0]
    logits = TorchEngine.from_folder(folder).logits(window)
    assert logits.shape == (2,)
    state = json.loads((tmp_path / "run/checkpoint-12/trainer_state.json").read_text("utf-8"))
    assert state["global_step"] == 12
    before = load_file(folder / "model.safetensors")
    train(recipe, tmp_path / "run")
    after = load_file(folder / "model.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.slow
def test_killed_and_resumed_equals_uninterrupted(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_from_the_same_start(recipe, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(module, "GuardTrainer", KilledTrainer)
        with pytest.raises(KilledError):
            train_from_the_same_start(recipe, tmp_path / "killed")
    assert (tmp_path / "killed/checkpoint-8").is_dir()
    assert not (tmp_path / "killed/model").exists()
    torch.manual_seed(1)
    assert_same_weights(train(recipe, tmp_path / "killed"), whole)


@pytest.mark.slow
def test_the_seed_alone_decides_the_weights(recipe: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = train(recipe, tmp_path / "first")
    torch.manual_seed(1)
    assert_same_weights(train(recipe, tmp_path / "second"), first)


@pytest.mark.slow
def test_another_recipe_is_refused(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    folder = train(recipe, out, ["training.epochs=0.2"])
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(RecipeError, match="another recipe"):
        train(recipe, out, ["training.epochs=0.4"])
    assert (folder / "model.safetensors").read_bytes() == before


@pytest.mark.slow
def test_the_start_keeps_its_share(recipe: Path, tmp_path: Path) -> None:
    trained, start, mixed = (
        load_file(
            train(recipe, tmp_path / name, ["training.epochs=0.2", f"training.start_share={share}"])
            / "model.safetensors"
        )
        for name, share in (("trained", 0), ("start", 1), ("mixed", 0.25))
    )
    assert any(not torch.equal(trained[name], start[name]) for name in trained)
    for name, weight in mixed.items():
        torch.testing.assert_close(weight, 0.75 * trained[name] + 0.25 * start[name])


@pytest.mark.slow
def test_a_plain_bert_trains_too(recipe: Path, tmp_path: Path) -> None:
    overrides = ["model.transplant=false", "training.epochs=0.2", "training.teacher=soft"]
    folder = train(recipe, tmp_path / "run", overrides)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert config["architectures"] == ["BertForSequenceClassification"]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.micro_batch_size=3", "multiple"),
        ("training.start_share=1.1", "start_share"),
        ("input.max_tokens=97", "max_tokens"),
        ("input.stride=31", "stride"),
        ("training.max_tokens=33", "training.max_tokens"),
        ("training.max_tokens=4", "training.max_tokens"),
    ],
)
def test_a_recipe_that_cannot_train_leaves_the_folder_free(
    recipe: Path, tmp_path: Path, override: str, message: str
) -> None:
    out = tmp_path / "run"
    with pytest.raises(RecipeError, match=message):
        train(recipe, out, [override])
    assert not (out / "run.json").exists()


def test_precision() -> None:
    assert use_bf16("bf16") and not use_bf16("fp32")
    assert use_bf16("auto") == (torch.cuda.is_available() and torch.cuda.is_bf16_supported())
