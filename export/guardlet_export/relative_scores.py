"""Scores of tokens by their distance to others, without an index."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SkewScores(nn.Module):
    """Products of each token with the position table's columns for its distances to the others, by
    reading every line one place further left than the line before, one column for each distance
    (the relative shift of Transformer-XL, arXiv 1901.02860, appendix B). A gather would need a
    constant of heads * length² indices.

    A first column that is never read makes n lines of n + T, which can be read as n + T lines of
    n. So no axis is longer than 2 T: Apple's Neural Engine takes none above 16384.
    """

    def __init__(self, rows: Tensor, block: int | None = None) -> None:
        """`rows` [2 length - 1]: the table row of each distance from 1 - length to length - 1.
        `block`: tokens at a time, by default all. A block reaches fewer distances than the text,
        and what is shifted stays in the processor's cache."""
        super().__init__()
        self._length = (len(rows) + 1) // 2
        self._rows = torch.cat([rows[-1:], rows.flip(0)])
        self._block = block or self._length

    def columns(self, table: Tensor) -> Tensor:
        """Columns for `forward`: an unused one, then the largest distance to the smallest."""
        return table[:, :, self._rows]

    def forward(self, content: Tensor, table: Tensor) -> Tensor:
        """Content [heads, T, head size] and a table [heads, head size, columns] -> scores
        [heads, T, T]: entry (i, j) is token i by the column for distance i - j."""
        tokens = content.shape[1]
        blocks = []
        for begin in range(0, tokens, self._block):
            end = min(begin + self._block, tokens)
            reach = cut(table, 2, self._length - end, self._length - begin + tokens)
            blocks.append(_skew(torch.bmm(cut(content, 1, begin, end), reach), tokens))
        return blocks[0] if len(blocks) == 1 else torch.cat(blocks, dim=1)


def cut(x: Tensor, dim: int, begin: int, end: int) -> Tensor:
    """A slice, which exporters would make a copy even where it is all of `x`."""
    return x if end - begin == x.shape[dim] else x.narrow(dim, begin, end - begin)


def _skew(scores: Tensor, tokens: int) -> Tensor:
    """[heads, n, n + T] -> [heads, n, T]: line i from column n - i on."""
    heads, count, width = scores.shape
    lines = scores.reshape(heads, width, count)[:, 1:]
    return cut(lines.reshape(heads, count, width - 1), 2, 0, tokens)
