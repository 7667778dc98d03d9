"""What guards cost: counts by hand, a tiny shape measured, and the recorded table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from repository import ROOT
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig

from guardlet.errors import DataError
from guardlet_benchmarks import quote
from guardlet_benchmarks.cost.__main__ import main
from guardlet_benchmarks.cost.count import LLAMAS, count_llama, count_student
from guardlet_benchmarks.cost.measure import ONNX, PYTORCH
from guardlet_benchmarks.cost.paper import PAPER
from guardlet_benchmarks.cost.table import COST, RECORDED_COST, cost_table, load_cost
from guardlet_benchmarks.models import SHAPES, Shape, random_model
from guardlet_export.marked import replace_block


def test_a_student_counted_from_two_layers_is_the_whole_one() -> None:
    shape = Shape(5, 64, 2, 128, 700)
    model = random_model(shape)
    ids = torch.ones(1, 24, dtype=torch.long)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(ids, attention_mask=torch.ones_like(ids))
    count = count_student(shape, (24,))
    assert count.flops_per_token == {24: counter.get_total_flops() / 24}
    assert count.parameters == sum(weights.numel() for weights in model.parameters())
    assert count.embedding == 700 * 64 and count.weights_bytes == 4 * count.parameters


def test_a_llama_by_hand() -> None:
    config = LlamaConfig(
        vocab_size=100,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    config._attn_implementation = "eager"
    count = count_llama(config, (8,))
    linear = 2 * 16 * 16 + 2 * 16 * 8 + 3 * 16 * 32
    scores = 2 * 8 * 16  # of one token with the 8 of the text, and their weighted sum
    output = 16 * 100 / 8  # of the last token alone
    rotary = 2  # a token's place times each of the frequencies
    assert count.flops_per_token == {8: 2 * (3 * (linear + scores) + output + rotary)}
    assert count.parameters == 2 * 1600 + 3 * (linear + 2 * 16) + 16
    assert (count.embedding, count.backbone) == (3200, count.parameters - 3200)
    assert count.cache_bytes == {8: 8 * 3 * 2 * 8 * 2}


def test_the_published_sizes() -> None:
    one, eight = (count_llama(config, (16,)) for config in LLAMAS.values())
    assert (one.parameters, eight.parameters) == (1_235_814_400, 8_030_261_248)


@pytest.mark.parametrize("name", ["xsmall", "small", "base", "large"])
def test_students_are_about_what_the_paper_counts(name: str) -> None:
    """It does not say for what length; per token that matters little."""
    count = count_student(SHAPES[name], (256,))
    assert count.flops_per_token[256] == pytest.approx(PAPER[name].flops, rel=0.25)


@pytest.mark.slow
def test_a_tiny_shape_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--shapes", "tiny", "--measure", "tiny", "--lengths", "8,32", "--rounds", "2"]
    main([*options, "--json", str(tmp_path / "cost.json")])
    figures = load_cost(tmp_path / "cost.json")
    measured = figures["guards"]["tiny"]["measured"]
    assert measured.keys() == {PYTORCH, ONNX}
    for found in measured.values():
        assert found["file_bytes"] > 0 and found["ms"].keys() == {"8", "32"}
        assert min(found["ms"].values()) > 0 and (found["peak_bytes"] or 1) > 0
    assert cost_table(figures) in capsys.readouterr().out


def test_what_is_only_counted_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--shapes", "tiny", "--measure", "", "--lengths", "8"])
    printed = capsys.readouterr().out
    assert "| tiny |" in printed and "| llama-guard-3-8b | 8.03 G (6.98 G + 1.05 G) |" in printed


@pytest.mark.parametrize("options", [["--measure", "gigantic"], ["--shapes", "mini"]])
def test_shapes_that_are_not_there(options: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(options)


def test_the_page_quotes_the_recorded_costs(tmp_path: Path) -> None:
    page = (ROOT / "docs/cost.md").read_text(encoding="utf-8")
    figures = load_cost(ROOT / RECORDED_COST)
    assert replace_block(page, COST, cost_table(figures)) == page
    copy = tmp_path / "cost.md"
    copy.write_text(replace_block(page, COST, "old\n"), encoding="utf-8")
    quote.main([str(copy), "--cost", str(ROOT / RECORDED_COST)])
    assert copy.read_text(encoding="utf-8") == page


def test_figures_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "cost.json").write_text(json.dumps({})[:-1], encoding="utf-8")
    with pytest.raises(DataError, match="cannot read"):
        load_cost(tmp_path / "cost.json")
