"""Figures of HarmAug (arXiv 2410.01524): Table 1, F1 at 0.5 and AUPRC, means of three seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """Two figures of a set, or the means of a row. None is what is not known."""

    f1: float | None
    auprc: float | None


@dataclass(frozen=True)
class PaperRow:
    """A row of the table, by set; `mean` is over all four. `note` says what is odd about it."""

    title: str
    sets: Mapping[str, Figures]
    mean: Figures
    note: str = ""


def _row(title: str, *pairs: tuple[float, float], note: str = "") -> PaperRow:
    *sets, mean = (Figures(f1, auprc) for f1, auprc in pairs)
    names = ("oai", "toxicchat", "harmbench", "wildguardmix")
    return PaperRow(title, dict(zip(names, sets, strict=True)), mean, note)


PAPER: Mapping[str, PaperRow] = {
    "teacher": _row(
        "Llama-Guard-3 (teacher)",
        (0.8061, 0.8869),
        (0.4859, 0.4823),
        (0.8551, 0.8999),
        (0.6852, 0.8129),
        (0.7080, 0.7720),
        note="The paper's Table 9 gives the teacher a mean of 0.7046 / 0.7665, which is closer to "
        "what others measured; and the AUPRCs of its row in Table 1 have a mean of 0.7705.",
    ),
    "kd": _row(
        "DeBERTa-large, D only",
        (0.7092, 0.7869),
        (0.6118, 0.6837),
        (0.8379, 0.8806),
        (0.7507, 0.8337),
        (0.7274, 0.7962),
    ),
    "eda": _row(
        "+ EDA",
        (0.6858, 0.8394),
        (0.5964, 0.7141),
        (0.8430, 0.8793),
        (0.7279, 0.8315),
        (0.7133, 0.8161),
    ),
    "harmaug": _row(
        "+ HarmAug",
        (0.7236, 0.8791),
        (0.6283, 0.7553),
        (0.8331, 0.8841),
        (0.7576, 0.8265),
        (0.7357, 0.8362),
    ),
}

ANSWERED: Mapping[str, float] = {"harmaug": 0.9681, "no_prefix": 0.1302}
"""Share of generated answers that are no refusals (Table 4, of 10,000), by arm."""
