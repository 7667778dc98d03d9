"""ExecuTorch programs compute what the PyTorch model computes, as far as their weights allow."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from cli_runner import guardlet
from deberta_models import eager_logits, random_deberta, random_inputs

pytest.importorskip("executorch", reason="ExecuTorch export needs executorch and torchao")

from executorch_models import as_window, program, tiny

from guardlet import Bundle, Guard
from guardlet.engines.executorch import ExecutorchEngine
from guardlet.verify import verify_bundle
from guardlet_export.errors import UnsupportedModelError
from guardlet_export.executorch_export import FORMATS, emit_executorch, lengths
from guardlet_export.executorch_graph.quantise import QuantisedEmbedding
from guardlet_export.export import export_bundle

# Of a logit, relative where logits are large.
CASES = [
    ("transplanted", "fp32", (8, 16), 1e-5),
    ("mild", "fp32", (150,), 1e-5),  # in blocks
    ("mild", "int8", (8, 16), 0.05),
    ("mild", "int8-emb4", (16,), 0.2),
    ("mild", "8da4w", (16,), 0.2),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("executorch")


@pytest.mark.slow
@pytest.mark.parametrize(("config", "form", "methods", "tolerance"), CASES)
def test_logits_are_those_of_pytorch_at_every_length(
    root: Path, config: str, form: str, methods: tuple[int, ...], tolerance: float
) -> None:
    engine = ExecutorchEngine(program(root, config, form, methods).read_bytes())
    for length in {2, 3, 7, 8, 9, 15, 16, max(methods)}:
        inputs = random_inputs(length, seed=length)
        eager = eager_logits(tiny(config), inputs)[0]
        error = (torch.tensor(engine.logits(as_window(inputs))) - eager).abs()
        assert (error / eager.abs().clamp(min=1)).max() <= tolerance, length


@pytest.mark.slow
@pytest.mark.parametrize("form", ["fp32", "int8"])
def test_what_fills_a_window_up_does_not_matter(root: Path, form: str) -> None:
    config = {"fp32": "transplanted", "int8": "mild"}[form]
    content = program(root, config, form, (8, 16)).read_bytes()
    window = as_window(random_inputs(11))
    logits = [ExecutorchEngine(content, pad=pad).logits(window).tolist() for pad in (0, 1, 49)]
    assert logits[0] == logits[1] == logits[2]


@pytest.mark.slow
def test_lengths_share_their_weights(root: Path) -> None:
    content = program(root, "transplanted", "fp32", (8, 16)).read_bytes()
    model = tiny("transplanted")
    layer = model.deberta.encoder.layer[0]
    for weight in (
        model.deberta.embeddings.word_embeddings.weight,
        layer.intermediate.dense.weight,
        layer.output.dense.weight,
    ):
        assert content.count(weight.detach().numpy().tobytes()) == 1


@pytest.mark.slow
def test_a_bundle_of_both_engines_verifies_and_gives_the_same_verdicts(
    tiny_guard: Path, tmp_path: Path
) -> None:
    bundle = export_bundle(tiny_guard, tmp_path / "both", ("fp32", "executorch-fp32"))
    guardlet("verify", bundle)
    reports = verify_bundle(Bundle.open(bundle))
    assert [report.artifact for report in reports] == ["onnx-fp32", "executorch-fp32"]
    assert all(report.cases and report.max_score_delta < 1e-5 for report in reports)
    onnx, executorch = (Guard.load(bundle, engine=name) for name in ("onnx", "executorch"))
    texts = [("apple bridge", None), ("candle " * 90, None), ("dragon", "engine forest " * 20)]
    for prompt, response in texts:
        expected, verdict = onnx.check(prompt, response), executorch.check(prompt, response)
        assert verdict.score == pytest.approx(expected.score, abs=1e-5)
        assert (verdict.level, verdict.windows) == (expected.level, expected.windows)
        assert verdict.engine == "executorch-fp32"


@pytest.mark.parametrize(
    ("max_tokens", "expected"),
    [
        (40, (40,)),
        (64, (64,)),
        (65, (64, 65)),
        (256, (64, 128, 256)),
        (384, (64, 128, 256, 384)),
        (512, (64, 128, 256, 512)),
        (1024, (64, 128, 256, 512, 1024)),
    ],
)
def test_lengths_of_methods(max_tokens: int, expected: tuple[int, ...]) -> None:
    assert lengths(max_tokens) == expected


@pytest.mark.parametrize(("bits", "step"), [(8, 1 / 127), (4, 1 / 7)])
@pytest.mark.parametrize("width", [64, 24])
def test_quantised_rows_are_within_half_a_step(bits: int, step: float, width: int) -> None:
    rows = torch.randn(20, width) * torch.logspace(-3, 3, 20)[:, None]
    rows[0] = 0
    ids = torch.tensor([0, 19, 7, 7])
    read = QuantisedEmbedding(rows, bits)(ids)
    largest = rows[ids].abs().amax(1, keepdim=True)
    assert ((read - rows[ids]).abs() <= largest * step * 0.501).all()
    assert not read[0].any()


def test_an_unsupported_model_leaves_nothing_behind(tmp_path: Path) -> None:
    model = random_deberta(0)
    model.config.conv_kernel_size = 3
    with pytest.raises(UnsupportedModelError, match="conv_kernel_size"):
        emit_executorch(model, tmp_path / "model.pte", 16, FORMATS["int8"])
    assert not list(tmp_path.iterdir())
