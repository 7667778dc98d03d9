"""How much arithmetic a DeBERTa classifier is."""

from __future__ import annotations

from guardlet_export.deberta_weights import DebertaWeights


def operations(weights: DebertaWeights, tokens: int) -> int:
    """Multiplications and additions of the matrix products for one text of `tokens` tokens.

    The least that is known to do: position scores for the table rows in reach only, projected
    positions constant, the last layer for the first token only.
    """
    hidden, heads = weights.hidden, weights.heads
    inner = weights.layers[0].intermediate.weight.shape[0]
    middle = weights.max_length - 1
    rows = len(set(weights.distances[middle - tokens + 1 : middle + tokens].tolist()))
    first = weights.layers[0]
    tables = sum(table is not None for table in (first.position_key, first.position_query))
    feed_forward = 2 * hidden * inner
    one_layer = tokens * (
        4 * hidden**2 + feed_forward + 2 * tokens * hidden + tables * rows * hidden
    )
    last_layer = (tokens + heads + 2) * hidden**2 + (heads + tables) * tokens * hidden
    last_layer += feed_forward
    return 2 * ((len(weights.layers) - 1) * one_layer + last_layer + hidden**2)
