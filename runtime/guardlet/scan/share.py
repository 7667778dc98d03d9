"""How much of a data set is harmful, given that the guard errs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from guardlet.scan.rates import Rates

Z95 = 1.959963984540054
"""The 97.5 % point of the normal distribution, which makes intervals of 95 %."""


@dataclass(frozen=True)
class Share:
    """An estimate with its 95 % confidence interval, all in [0, 1]."""

    estimate: float
    lower: float
    upper: float


def wilson(hits: int, total: int) -> Share:
    """The share of `hits` among `total` rows with Wilson's score interval.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927), 209-212. Of no rows, everything is possible.
    """
    if not total:
        return Share(0.0, 0.0, 1.0)
    share, z2 = hits / total, Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    # Exact at the ends, where rounding would leave 1e-17.
    lower = 0.0 if hits == 0 else _clipped(centre - half)
    upper = 1.0 if hits == total else _clipped(centre + half)
    return Share(share, lower, upper)


def corrected(hits: int, total: int, rates: Rates) -> Share:
    """The share of rows that are harmful, of which the guard finds `rates.recall`, when it flagged
    `hits` of `total` and flags `rates.fpr` of the harmless.

    Estimate: (flagged - fpr) / (recall - fpr), clipped to [0, 1]. Source: W. J. Rogan and
    B. Gladen, "Estimating prevalence from the results of a screening test", American Journal of
    Epidemiology 107 (1978), 71-76. The interval is Wilson's put through the same formula when the
    rates are taken as exact, and Lang and Reiczigel's when it is known on how many rows they were
    measured.
    """
    gain = rates.recall - rates.fpr

    def true(flagged: float) -> float:
        return _clipped((flagged - rates.fpr) / gain)

    raw = wilson(hits, total)
    if rates.harmful_rows is None or rates.benign_rows is None:
        return Share(true(raw.estimate), true(raw.lower), true(raw.upper))
    lower, upper = _lang_reiczigel(hits, total, rates, rates.harmful_rows, rates.benign_rows)
    return Share(true(raw.estimate), lower, upper)


def _lang_reiczigel(
    hits: int, total: int, rates: Rates, harmful_rows: int, benign_rows: int
) -> tuple[float, float]:
    """Limits that count the error of all three measured shares.

    Source: Z. Lang and J. Reiczigel, "Confidence limits for prevalence of disease adjusted for
    estimated sensitivity and specificity", Preventive Veterinary Medicine 113 (2014), 13-22.
    """
    z2 = Z95**2
    n, n_recall, n_passed = total + z2, harmful_rows + 2, benign_rows + 2
    flagged = (hits + z2 / 2) / n
    recall = (rates.recall * harmful_rows + 1) / n_recall
    passed = ((1 - rates.fpr) * benign_rows + 1) / n_passed
    gain = recall + passed - 1
    if gain <= 0:  # so few rows that nothing is known
        return 0.0, 1.0
    share = (flagged + passed - 1) / gain
    of_recall = recall * (1 - recall) / n_recall
    of_passed = passed * (1 - passed) / n_passed
    variance = flagged * (1 - flagged) / n + share**2 * of_recall + (1 - share) ** 2 * of_passed
    centre = share + 2 * z2 * (share * of_recall - (1 - share) * of_passed)
    half = Z95 * math.sqrt(variance) / gain
    return _clipped(centre - half), _clipped(centre + half)


def _clipped(value: float) -> float:
    return min(1.0, max(0.0, value))
