"""What a list of times says: quantiles, how sure the median is, and how calm the machine was."""

from __future__ import annotations

import math
from collections.abc import Sequence

from guardlet_benchmarks.device.report import LengthTimes, Noise, Sustained

CONFIDENCE = 0.95
NOISY_FROM = 0.1
_DIGITS = 4
_SUSTAINED_WINDOW = 30.0


def quantile(samples: Sequence[float], share: float) -> float:
    """The nearest rank: the smallest sample that at least `share` of all do not exceed."""
    return sorted(samples)[_rank(len(samples), share)]


def median_interval(
    samples: Sequence[float], confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """The narrowest pair of order statistics, equally far from both ends, that holds the true
    median with at least `confidence`; None of too few samples.

    Distribution-free: the number of samples below the median is binomial (n, 1/2). Conover,
    Practical Nonparametric Statistics, section 3.2.
    """
    count, below, found = len(samples), 0.0, None
    for rank in range(count // 2):
        below += math.exp(_log_binomial(count, rank) - count * math.log(2))
        if 2 * below > 1 - confidence:
            break
        found = rank
    if found is None:
        return None
    ordered = sorted(samples)
    return ordered[found], ordered[count - 1 - found]


def summarise(
    tokens: int, samples_ms: Sequence[float], tokenizer_ms: Sequence[float] = ()
) -> LengthTimes:
    """Times of checks, and of encodings alone, of one window of `tokens` tokens. At least one."""
    kept = tuple(round(sample, _DIGITS) for sample in samples_ms)
    quantiles = {f"p{p}_ms": quantile(kept, p / 100) for p in (50, 90, 95, 99)}
    spent = sum(samples_ms)
    return LengthTimes(
        tokens=tokens,
        samples_ms=kept,
        **quantiles,
        p50_interval_ms=median_interval(kept),
        tokenizer_ms=round(quantile(tokenizer_ms, 0.5), _DIGITS) if tokenizer_ms else None,
        checks_per_second=round(1000 * len(kept) / spent, 2) if spent else None,
    )


def noise(probes_ms: Sequence[float]) -> Noise | None:
    """Of the times of one fixed piece of work: (p90 - p50) / p50. None of no times."""
    if not probes_ms:
        return None
    middle = quantile(probes_ms, 0.5)
    spread = round((quantile(probes_ms, 0.9) - middle) / middle, _DIGITS) if middle else 0.0
    return Noise(spread, spread > NOISY_FROM)


def sustained(tokens: int, slices: Sequence[tuple[int, float]]) -> Sustained | None:
    """Of one long run as (checks, seconds) of its consecutive slices; None when nothing was done.

    The windows compared are the first and the last 30 seconds, or quarters of a run shorter than
    a minute, to the nearest slice.
    """
    seconds = sum(spent for _, spent in slices)
    checks = sum(done for done, _ in slices)
    if not checks or not seconds:
        return None
    window = _SUSTAINED_WINDOW if seconds >= 2 * _SUSTAINED_WINDOW else seconds / 4
    first, last = _rate(slices, window), _rate(slices[::-1], window)
    return Sustained(
        tokens=tokens,
        seconds=round(seconds, 2),
        checks=checks,
        window_seconds=round(window, 3),
        first_per_second=round(first, 2),
        last_per_second=round(last, 2),
        retention=round(last / first, _DIGITS) if first else 0.0,
    )


def _rate(slices: Sequence[tuple[int, float]], window: float) -> float:
    """Checks a second over the leading slices that make up `window` seconds."""
    checks, seconds = 0, 0.0
    for done, spent in slices:
        if seconds and seconds + spent / 2 > window:
            break
        checks, seconds = checks + done, seconds + spent
    return checks / seconds


def _rank(count: int, share: float) -> int:
    return max(math.ceil(round(share * count, 9)), 1) - 1


def _log_binomial(count: int, chosen: int) -> float:
    return math.lgamma(count + 1) - math.lgamma(chosen + 1) - math.lgamma(count - chosen + 1)
