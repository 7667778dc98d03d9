"""Which column of a position table belongs to which pair of tokens, for any length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from guardlet_export.deberta_weights import DebertaWeights
from guardlet_export.onnx_graph.builder import GraphBuilder


@dataclass(frozen=True)
class Relations:
    """Names of values that every layer shares, for texts of T tokens.

    keys, queries: first row and last row plus one, int64 [1] each, that T tokens can reach in the
    position_key table and in the position_query table, the latter stored back to front.
    by_query: int32 [..., T, T], the column of a position_key table cut to those rows, for query i
    and key j. by_key: the column of a cut position_query table for key i and query j.
    """

    keys: tuple[str, str]
    queries: tuple[str, str]
    by_query: str
    by_key: str


def relations(
    g: GraphBuilder, weights: DebertaWeights, tokens: str, fixed: int | None, heads: int | None
) -> Relations:
    """Adds the nodes that compute them from `tokens`, int64 [1].

    With `fixed` the windows are those of that many tokens: more columns than a shorter text
    needs, but ONNX Runtime then cuts the tables once, when it loads the model. `heads` repeats
    the indices for products of that many heads at once.
    """
    rows = _Rows.of(weights)
    if fixed is None:
        at = g.op("Sub", tokens, g.integers(1))
        first, last = (g.op("Gather", g.constant(line), at) for line in (rows.first, rows.last))
    else:
        first, last = (g.integers(int(line[fixed - 1])) for line in (rows.first, rows.last))
    count = g.integers(weights.table_rows)

    def index(by_distance: NDArray[np.int64], lowest: str) -> str:
        start = g.op("Sub", g.integers(weights.max_length), tokens)
        end = g.op("Add", start, g.op("Sub", g.op("Add", tokens, tokens), g.integers(1)))
        line = g.slice(g.constant(by_distance), start, end, 0)
        columns = g.op("Cast", g.op("Sub", line, lowest), to=TensorProto.INT32)
        square = _toeplitz(g, columns, tokens)
        if heads is None:
            return square
        return g.op("Expand", square, g.op("Concat", g.integers(heads), tokens, tokens, axis=0))

    queries = g.op("Sub", count, last), g.op("Sub", count, first)
    by_query = index(rows.by_query, first)
    by_key = by_query if rows.symmetric else index(rows.by_key, queries[0])
    return Relations((first, last), queries, by_query, by_key)


@dataclass(frozen=True)
class _Rows:
    """Table rows for texts of up to L tokens.

    first, last [L]: the lowest row that 1, 2, ... tokens reach, and the highest plus one.
    by_query, by_key [2L - 1]: row of the position_key table, and of the position_query table read
    back to front, from distance L - 1 to 1 - L. Where buckets are symmetric, as all of DeBERTa's
    are, one index serves both tables.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    by_query: NDArray[np.int64]
    by_key: NDArray[np.int64]
    table_rows: int

    @classmethod
    def of(cls, weights: DebertaWeights) -> _Rows:
        by_distance = weights.distances.numpy()
        middle = weights.max_length - 1
        ahead, behind = by_distance[middle:], by_distance[middle::-1]
        return cls(
            first=np.minimum.accumulate(np.minimum(ahead, behind)),
            last=np.maximum.accumulate(np.maximum(ahead, behind)) + 1,
            by_query=by_distance[::-1],
            by_key=weights.table_rows - 1 - by_distance,
            table_rows=weights.table_rows,
        )

    @property
    def symmetric(self) -> bool:
        shift = self.by_key - self.by_query
        windows = self.table_rows - self.last - self.first
        return bool((shift == shift[0]).all() and (windows == shift[0]).all())


def _toeplitz(g: GraphBuilder, line: str, tokens: str) -> str:
    """[T, T] with entry (i, j) = line[T - 1 - i + j], from `line` [2T - 1].

    Copies of the line, read with a stride one shorter than it is: a gather would cost ten times
    as much.
    """
    start = g.op("Sub", tokens, g.integers(1))
    width = g.op("Add", start, start)
    copies = g.op("Expand", line, g.op("Concat", tokens, g.integers(1), axis=0))
    end = g.op("Add", start, g.op("Mul", tokens, width))
    flat = g.slice(g.reshape(copies, -1), start, end, 0)
    skewed = g.op("Reshape", flat, g.op("Concat", tokens, width, axis=0))
    return g.slice(skewed, g.integers(0), tokens, 1)
