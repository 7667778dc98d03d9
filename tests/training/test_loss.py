"""The distillation loss against values computed by hand."""

from __future__ import annotations

from math import log, nan

import pytest
import torch
import torch.nn.functional as F

from guardlet_training.loss import UNCOUNTED, row_losses

# softmax of LOGITS is (0.25, 0.75).
LOGITS = torch.tensor([[0.0, log(3)]])


def loss(label: int, teacher: float, **settings: float | bool) -> float:
    labels, teachers = torch.tensor([label]), torch.tensor([teacher])
    return float(row_losses(LOGITS, labels, teachers, **settings).mean())  # type: ignore[arg-type]


def batch(size: int = 16) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    logits = 4 * torch.randn(size, 2, generator=generator)
    labels = torch.randint(0, 2, (size,), generator=generator)
    return logits, labels, torch.rand(size, generator=generator)


@pytest.mark.parametrize(
    ("label", "teacher", "expected"),
    [
        (1, 0.6, 0.7 * -log(0.75) + 0.3 * -log(0.75)),
        (0, 0.6, 0.7 * -log(0.75) + 0.3 * -log(0.25)),
        (1, 0.4, 0.7 * -log(0.25) + 0.3 * -log(0.75)),
        (1, 0.5, 0.7 * -log(0.75) + 0.3 * -log(0.75)),
    ],
)
def test_hard_teacher(label: int, teacher: float, expected: float) -> None:
    assert loss(label, teacher, weight=0.3, hard=True) == pytest.approx(expected, rel=1e-5)


def test_soft_teacher() -> None:
    divergence = 0.6 * log(0.6 / 0.75) + 0.4 * log(0.4 / 0.25)
    expected = 0.7 * divergence + 0.3 * -log(0.25)
    assert loss(0, 0.6, weight=0.3, hard=False) == pytest.approx(expected, rel=1e-5)


def test_student_equal_to_a_soft_teacher_has_no_divergence() -> None:
    assert loss(1, 0.75, weight=0.0, hard=False) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("hard", [True, False])
def test_no_teacher_leaves_plain_cross_entropy(weight: float, hard: bool) -> None:
    assert loss(0, nan, weight=weight, hard=hard) == pytest.approx(-log(0.25), rel=1e-5)


def test_rows_with_and_without_teacher() -> None:
    logits, labels = LOGITS.repeat(2, 1), torch.tensor([0, 0])
    value = row_losses(logits, labels, torch.tensor([nan, 0.9]), weight=0.5)
    expected = (-log(0.25), 0.5 * -log(0.75) + 0.5 * -log(0.25))
    assert value.tolist() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_row_that_is_not_counted_loses_nothing(smoothing: float) -> None:
    logits = LOGITS.clone().requires_grad_()
    value = row_losses(logits, torch.tensor([UNCOUNTED]), torch.tensor([nan]), smoothing=smoothing)
    value.sum().backward()
    assert value.tolist() == [0.0] and logits.grad is not None and not logits.grad.any()


def test_weight_one_is_binary_cross_entropy_on_labels() -> None:
    logits, labels, teacher = batch()
    margin = logits[:, 1] - logits[:, 0]
    expected = F.binary_cross_entropy_with_logits(margin, labels.float())
    torch.testing.assert_close(row_losses(logits, labels, teacher, 1.0).mean(), expected)


def test_weight_zero_is_binary_cross_entropy_on_the_teacher() -> None:
    logits, labels, teacher = batch()
    margin = logits[:, 1] - logits[:, 0]
    hard = F.binary_cross_entropy_with_logits(margin, (teacher >= 0.5).float())
    torch.testing.assert_close(row_losses(logits, labels, teacher, 0.0, True).mean(), hard)
    entropy = F.binary_cross_entropy(teacher, teacher)
    soft = F.binary_cross_entropy_with_logits(margin, teacher) - entropy
    torch.testing.assert_close(row_losses(logits, labels, teacher, 0.0, False).mean(), soft)


def test_smoothing_spreads_that_much_mass_over_both_classes() -> None:
    expected = 0.9 * -log(0.75) + 0.1 * -log(0.25)
    assert loss(1, nan, smoothing=0.2) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_gradient_is_finite(hard: bool, weight: float) -> None:
    logits, labels, teacher = batch(8)
    teacher[:4] = torch.tensor([nan, 0.0, 1.0, 0.5])
    logits[4:6] = torch.tensor([[200.0, -200.0], [-200.0, 200.0]])
    logits.requires_grad_()
    row_losses(logits, labels, teacher, weight, hard).mean().backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()
    assert logits.grad.abs().sum() > 0


def test_half_precision_logits_are_computed_in_fp32() -> None:
    logits, labels, teacher = batch()
    value = row_losses(logits.bfloat16(), labels, teacher)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, row_losses(logits.bfloat16().float(), labels, teacher))
