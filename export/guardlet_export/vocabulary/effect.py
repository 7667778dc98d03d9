"""What trimming did to tokens, scores and verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guardlet.bundle import DEFAULT_OPERATING_POINT
from guardlet.encoder import Encoder
from guardlet.vectors import Vector


def changed_share(
    texts: Iterable[str], before: Encoder, after: Encoder, kept: Sequence[int]
) -> float:
    """Share (0 to 1) of the tokens of `before` that `after` does not give, each counted as often
    as it occurs in a text; `kept` holds the old id of each new one."""
    total = lost = 0
    for text in texts:
        old = Counter(before.tokenize(text)[0])
        new = Counter(kept[id_] for id_ in after.tokenize(text)[0])
        total += old.total()
        lost += (old - new).total()
    return lost / max(total, 1)


def same_tokens(before: Vector, after: Vector, kept: Sequence[int]) -> bool:
    """Whether two recordings of a case show the model the same pieces."""
    old = [list(window["ids"]) for window in before.windows]
    return old == [[kept[id_] for id_ in window["ids"]] for window in after.windows]


def score_effect(before: Sequence[Vector], after: Sequence[Vector]) -> dict[str, float | int]:
    """Deltas of the scores of the same cases, and changes between harmful and not harmful at the
    balanced operating point."""
    pairs = list(zip(before, after, strict=True))
    deltas = [abs(new.score - old.score) for old, new in pairs]
    return {
        "cases": len(pairs),
        "max_score_delta": round(max(deltas), 6),
        "mean_score_delta": round(sum(deltas) / len(deltas), 6),
        "verdict_flips": sum(_harmful(old) != _harmful(new) for old, new in pairs),
    }


def summary(vocabulary: Mapping[str, Any]) -> str:
    """One sentence from the `vocabulary` object of a bundle's provenance."""
    megabytes, tokens = vocabulary["embedding_mb"], vocabulary["tokens_changed"]
    shares = ", ".join(f"{share:.2%} of the {name} tokens" for name, share in tokens.items())
    return (
        f"vocabulary: {vocabulary['kept']} of {vocabulary['of']} rows, embedding "
        f"{megabytes['before']} -> {megabytes['after']} MB in fp32; split differently: {shares}; "
        f"score differs by at most {vocabulary['max_score_delta']:.4f}, on average "
        f"{vocabulary['mean_score_delta']:.4f}; {vocabulary['verdict_flips']} of "
        f"{vocabulary['cases']} verdicts flip"
    )


def _harmful(vector: Vector) -> bool:
    return vector.verdicts[DEFAULT_OPERATING_POINT] == "harmful"
