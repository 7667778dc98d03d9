"""From scores by distance to scores by pair of tokens, without an index.

Scores [heads, T, columns], whose columns are a position table's, become [heads, T, T]: entry (i, j)
is the score of token i at distance i - j.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SkewScores(nn.Module):
    """By reading every line one place further left than the line before, one column for each
    distance (the relative shift of Transformer-XL, arXiv 1901.02860, appendix B). A gather would
    need a constant of heads * length² indices.

    A first column that is never read makes lines of 2 T, which can be read as 2 T lines of T. So
    no axis is longer than 2 T: Apple's Neural Engine takes none above 16384.
    """

    def __init__(self, rows: Tensor) -> None:
        """`rows` [2 length - 1]: the table row of each distance from 1 - length to length - 1."""
        super().__init__()
        self._length = (len(rows) + 1) // 2
        self._rows = torch.cat([rows[-1:], rows.flip(0)])

    def columns(self, table: Tensor) -> Tensor:
        """Columns for `forward`: an unused one, then the largest distance to the smallest."""
        return table[:, :, self._rows]

    def forward(self, scores: Tensor) -> Tensor:
        heads, tokens, _ = scores.shape
        if tokens != self._length:
            scores = scores[:, :, self._length - tokens : self._length + tokens]
        lines = scores.reshape(heads, 2 * tokens, tokens)[:, 1:]
        return lines.reshape(heads, tokens, 2 * tokens - 1)[:, :, :tokens]
