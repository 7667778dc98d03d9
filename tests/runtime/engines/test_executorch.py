"""The ExecuTorch engine: what it feeds a program, what it refuses, and when it is not installed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from runtime_helpers import edit_manifest, write_tiny

from guardlet import Guard
from guardlet.encoder import Window
from guardlet.errors import EngineError, IntegrityError

pytest.importorskip("executorch", reason="the ExecuTorch engine needs executorch")

import torch
from executorch.exir import to_edge
from torch import Tensor, nn

from guardlet.engines.executorch import ExecutorchEngine

LENGTHS = (4, 16)
VOCABULARY = 1001


class Seen(nn.Module):
    """Tells what it was fed: sums of ids times their place, of the mask, and of the types."""

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        places = torch.arange(1, ids.shape[1] + 1)
        return torch.stack([(ids * places).sum(1), mask.sum(1), types.sum(1)], 1).float()


class WithoutTypes(nn.Module):
    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return torch.stack([ids.sum(1), mask.sum(1)], 1).float()


def lower(
    module: nn.Module,
    inputs: int,
    name: str = "forward_{}",
    axis: int = 1,
    vocabulary: int | None = VOCABULARY,
) -> bytes:
    """A program with a method for each of LENGTHS."""
    shape = [1, 1]
    methods = {}
    for length in LENGTHS:
        shape[axis] = length
        feed = tuple(torch.ones(shape, dtype=torch.int64) for _ in range(inputs))
        methods[name.format(length)] = torch.export.export(module, feed)
    constants = {} if vocabulary is None else {"get_vocab_size": vocabulary}
    edge = to_edge(methods, constant_methods=constants)
    return bytes(edge.to_executorch().buffer)


@pytest.fixture(scope="module")
def seen() -> bytes:
    return lower(Seen(), 3)


def window(length: int) -> Window:
    return Window(tuple(range(5, 5 + length)), (0, *[1] * (length - 1)), 0, length)


@pytest.mark.parametrize("length", [2, 3, 4, 5, 15, 16])
def test_a_window_is_filled_up_to_the_next_length_and_masked(seen: bytes, length: int) -> None:
    pad = 1000
    size = min(n for n in LENGTHS if n >= length)
    ids = [*range(5, 5 + length), *[pad] * (size - length)]
    logits = ExecutorchEngine(seen, pad=pad).logits(window(length))
    assert logits.dtype == np.float32
    assert logits.tolist() == [
        sum(value * place for place, value in enumerate(ids, 1)),
        length,
        length - 1,
    ]


def test_a_program_without_token_types() -> None:
    assert ExecutorchEngine(lower(WithoutTypes(), 2)).logits(window(3)).tolist() == [18, 3]


def test_a_window_longer_than_every_method_is_refused(seen: bytes) -> None:
    with pytest.raises(EngineError, match="no window of 17 tokens"):
        ExecutorchEngine(seen).logits(window(17))


@pytest.mark.parametrize("stranger", [VOCABULARY, -1, 1 << 40])
def test_a_token_that_the_model_lacks_is_an_error_without_its_id(
    seen: bytes, stranger: int
) -> None:
    with pytest.raises(EngineError, match="tokens that the model lacks") as caught:
        ExecutorchEngine(seen).logits(Window((5, stranger), (0, 0), 0, 2))
    assert str(stranger) not in str(caught.value)
    with pytest.raises(EngineError, match="tokens that the model lacks"):
        ExecutorchEngine(seen, pad=stranger).logits(window(2))


def test_threads_share_an_engine(seen: bytes) -> None:
    engine = ExecutorchEngine(seen)
    expected = {n: engine.logits(window(n)).tolist() for n in range(2, 17)}
    wrong: list[int] = []

    def work(offset: int) -> None:
        for i in range(300):
            n = 2 + (i + offset) % 15
            if engine.logits(window(n)).tolist() != expected[n]:
                wrong.append(n)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.parametrize("content", [b"", b"junk", b"\x00" * 4096])
def test_a_file_that_is_no_program_is_refused(content: bytes) -> None:
    with pytest.raises(EngineError, match="cannot load the model"):
        ExecutorchEngine(content)


def test_a_cut_program_is_refused(seen: bytes) -> None:
    for size in (50, len(seen) // 2):
        with pytest.raises(EngineError, match="cannot load the model"):
            ExecutorchEngine(seen[:size])


def test_methods_of_another_convention_are_refused() -> None:
    with pytest.raises(EngineError, match="forward_N"):
        ExecutorchEngine(lower(Seen(), 3, name="run{}"))
    with pytest.raises(EngineError, match=r"forward_4 must take input_ids"):
        ExecutorchEngine(lower(Seen(), 3, axis=0))


def test_a_program_must_say_which_ids_it_knows() -> None:
    with pytest.raises(EngineError, match="cannot load the model"):
        ExecutorchEngine(lower(Seen(), 3, vocabulary=None))


def as_executorch(folder: Path, content: bytes) -> Path:
    """A bundle whose only artifact is an ExecuTorch program."""
    write_tiny(folder, model=content)

    def change(tree: dict) -> None:
        tree["artifacts"][0] |= {"id": "executorch-fp32", "engine": "executorch"}

    edit_manifest(folder, change)
    return folder


def test_a_guard_runs_a_program_of_its_bundle(seen: bytes, tmp_path: Path) -> None:
    verdict = Guard.load(as_executorch(tmp_path / "mine", seen), engine="executorch").check("hello")
    assert verdict.engine == "executorch-fp32"


def test_an_altered_program_never_reaches_the_engine(seen: bytes, tmp_path: Path) -> None:
    folder = as_executorch(tmp_path / "mine", seen)
    (folder / "onnx" / "model.onnx").write_bytes(bytes(len(seen)))
    with pytest.raises(IntegrityError):
        Guard.load(folder)


def test_an_artifact_of_several_files_is_refused(seen: bytes, tmp_path: Path) -> None:
    folder = as_executorch(tmp_path / "mine", seen)

    def change(tree: dict) -> None:
        tree["artifacts"][0]["files"].append(tree["artifacts"][0]["files"][0] | {"path": "b"})

    edit_manifest(folder, change)
    with pytest.raises(EngineError, match="must be a single"):
        Guard.load(folder)


def test_the_number_of_threads_is_fixed_by_the_first_program(seen: bytes, tmp_path: Path) -> None:
    """In a process of its own: ExecuTorch has one pool a process."""
    (tmp_path / "model.pte").write_bytes(seen)
    script = """if True:
        import sys
        from pathlib import Path
        from guardlet.engines.executorch import ExecutorchEngine, bindings
        from guardlet.errors import EngineError
        content = Path(sys.argv[1]).read_bytes()
        for threads in (3, 3, None):
            ExecutorchEngine(content, threads)
            assert bindings._threadpool_get_thread_count() == 3
        try:
            ExecutorchEngine(content, 2)
        except EngineError as error:
            assert "another number of threads" in str(error)
        else:
            raise AssertionError
    """
    command = [sys.executable, "-c", script, str(tmp_path / "model.pte")]
    subprocess.run(command, check=True, capture_output=True)


def test_without_the_package_the_error_is_the_line_to_type(
    seen: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = as_executorch(tmp_path / "mine", seen)
    monkeypatch.delitem(sys.modules, "guardlet.engines.executorch")
    monkeypatch.setitem(sys.modules, "executorch.extension.pybindings", None)
    with pytest.raises(EngineError, match=r'pip install "guardlet\[executorch\]"'):
        Guard.load(folder, engine="executorch")
