"""Two processes train the same guard as one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training_helpers import made_up_rows, recipe_tree, source_line, write_recipe, write_source

# An epoch of 58 rows is four steps of 12 and one of 10; of 61, five and one of a single row, in
# which one of two processes has nothing to do.
TRAINING = {
    "epochs": 2,
    "batch_size": 12,
    "micro_batch_size": 3,
    "learning_rate": 3e-5,
    "warmup_steps": 0,
    "precision": "fp32",
    "checkpoint_steps": 5,
    "keep_checkpoints": 3,
}
LENGTHS = {"max_tokens": 32, "stride": 4, "max_windows": 2, "prompt_budget": 8, "max_chars": 999}


def recipe(folder: Path, model: Path, rows: int) -> Path:
    write_source(folder, made_up_rows(rows))
    tree = recipe_tree(
        # Dropout draws on each process's own random numbers.
        model={"source": str(model), "transplant": True, "dropout": 0, "attention_dropout": 0},
        data=[source_line("recipe:rows.jsonl")],
        input=LENGTHS,
        training=TRAINING,
    )
    return write_recipe(folder, tree)


def start(launcher: list[str], *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *launcher, "guardlet", "train", *map(str, words)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(launcher: list[str], *words: object) -> subprocess.CompletedProcess[str]:
    child = start(launcher, *words)
    output, errors = child.communicate()
    return subprocess.CompletedProcess(child.args, child.returncode, output, errors)


def assert_same_weights(left: Path, right: Path) -> None:
    ours, theirs = (load_file(out / "model/model.safetensors") for out in (left, right))
    for name, weight in ours.items():
        torch.testing.assert_close(theirs[name], weight, atol=1e-6, rtol=0, msg=name)


TORCHRUN = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m"]
LAUNCH = ["accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
LAUNCH += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no", "--module"]


@pytest.mark.slow
@pytest.mark.parametrize(("launcher", "rows", "steps"), [(TORCHRUN, 58, 10), (LAUNCH, 61, 12)])
def test_two_processes_equal_one(
    launcher: list[str], rows: int, steps: int, tmp_path: Path, tiny_bert: Path
) -> None:
    made = recipe(tmp_path, tiny_bert, rows)
    for words, out in (([], "one"), (launcher, "two")):
        result = run(words, made, "--out", tmp_path / out)
        assert result.returncode == 0, result.stderr[-3000:]
        assert result.stdout.count("wrote ") == 1
    assert (tmp_path / f"two/checkpoint-{steps}/rng_state_1.pth").is_file()
    before, after = (
        load_file(tmp_path / "one" / name / "model.safetensors")
        for name in ("checkpoint-5", "model")
    )
    assert max((after[name] - before[name]).abs().max() for name in after) > 2e-5
    assert_same_weights(tmp_path / "one", tmp_path / "two")


@pytest.mark.slow
def test_a_step_that_processes_cannot_share_is_refused(tmp_path: Path, tiny_bert: Path) -> None:
    made = recipe(tmp_path, tiny_bert, 20)
    result = run(TORCHRUN, made, "training.micro_batch_size=4", "--out", tmp_path / "out")
    assert result.returncode != 0
    assert "micro_batch_size 4 x 2 processes" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_run_of_one_process_goes_on_with_two(tmp_path: Path, tiny_bert: Path) -> None:
    made = recipe(tmp_path, tiny_bert, 58)
    for launcher, out in (([], "whole"), ([], "moved")):
        assert run(launcher, made, "--out", tmp_path / out).returncode == 0
    shutil.rmtree(tmp_path / "moved/model")
    shutil.rmtree(tmp_path / "moved/checkpoint-10")
    result = run(TORCHRUN, made, "--out", tmp_path / "moved")
    assert result.returncode == 0, result.stderr[-3000:]
    assert_same_weights(tmp_path / "whole", tmp_path / "moved")


@pytest.mark.slow
def test_two_nodes_equal_one(tmp_path: Path, tiny_bert: Path) -> None:
    made = recipe(tmp_path, tiny_bert, 30)
    assert run([], made, "--out", tmp_path / "one").returncode == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    where = ["--master_addr", "127.0.0.1", "--master_port", port, "--nproc_per_node", "1", "-m"]
    nodes = [
        start(
            ["torch.distributed.run", "--nnodes", "2", "--node_rank", rank, *where],
            made,
            "--out",
            tmp_path / "two",
        )
        for rank in "01"
    ]
    ended = [node.communicate() for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], ended[0][1][-3000:]
    assert ["wrote " in output for output, _ in ended] == [True, False]
    assert_same_weights(tmp_path / "one", tmp_path / "two")
