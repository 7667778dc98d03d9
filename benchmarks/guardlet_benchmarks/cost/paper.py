"""Table 2 of the paper (arXiv 2410.01524): the WildGuardMix test set on an A100."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperCost:
    """Per token read: `flops` and `microseconds`; `peak_bytes` of GPU memory."""

    flops: float
    microseconds: float
    peak_bytes: float


PAPER = {
    "xsmall": PaperCost(65.80e6, 15.24, 0.89e9),
    "small": PaperCost(109.97e6, 10.20, 1.65e9),
    "base": PaperCost(219.94e6, 18.97, 1.88e9),
    "large": PaperCost(743.55e6, 43.22, 3.37e9),
    "llama-guard-3-8b": PaperCost(124.01e9, 172.62, 28.82e9),
}
