"""The distillation loss (HarmAug, Eq. 1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F

UNCOUNTED = -100  # the label of a row that fills a batch; torch's and transformers' own


def row_losses(
    logits: torch.Tensor,
    labels: torch.Tensor,
    teacher: torch.Tensor,
    weight: float = 0.5,
    hard: bool = True,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Each row's (1 - weight) KL(teacher || student) + weight CE(label, student), float [B].

    `logits` float [B, 2]; `labels` int64 [B]; `teacher` float [B], P(harmful) or NaN where a row
    has no teacher, which leaves cross-entropy alone. A `hard` teacher is its argmax (temperature
    0), the paper's setting. `smoothing` spreads that much mass of the label evenly over both
    classes, as torch does. A row labelled UNCOUNTED, without teacher, loses 0.
    """
    log_q = F.log_softmax(logits.float(), dim=-1)
    cross_entropy = F.cross_entropy(
        logits.float(),
        labels,
        ignore_index=UNCOUNTED,
        reduction="none",
        label_smoothing=smoothing,
    )
    known = ~torch.isnan(teacher)
    harmful = torch.where(known, teacher, 0.5).to(log_q.dtype)
    if hard:
        harmful = (harmful >= 0.5).to(log_q.dtype)
    p = torch.stack((1 - harmful, harmful), dim=-1)
    divergence = (torch.xlogy(p, p) - p * log_q).sum(-1)
    mixed = (1 - weight) * divergence + weight * cross_entropy
    return torch.where(known, mixed, cross_entropy)
