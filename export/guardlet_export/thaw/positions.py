"""Relative-position embeddings and projections from the tables they were folded into.

A layer's table is T = R Wᵀ + 1 bᵀ, with the embeddings R [rows, width] shared by all layers. Any R
whose columns span those of the tables, less their means, will do: the left singular vectors. Where
no more than `width` + 1 rows are in reach, every table has one; the tables of a trained model do
anyway, and if 8 bits have blurred them it is the nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
_NOTHING = 1e-7  # float32's precision


@dataclass(frozen=True)
class KnownRows:
    """The rows of a table that are known: indices [n] and values [n, width]."""

    rows: NDArray[np.int64]
    values: Doubles


def factored(
    tables: Sequence[KnownRows], rows: int, width: int
) -> tuple[Doubles, list[tuple[Doubles, Doubles]]]:
    """Embeddings [rows, width], and for each table a weight [width, width] and a bias [width].

    Tables with the same rows known come one after another, those with most rows first. Embeddings
    in reach are about as large as a layer norm makes them; others are zero.
    """
    embeddings: Doubles = np.zeros((rows, width))
    used = 0
    for group in _groups(tables):
        known = group[0].rows
        values = np.concatenate([table.values for table in group], axis=1)
        fit, mean = _solve(embeddings[known, :used], values)
        missing = values - embeddings[known, :used] @ fit - mean
        left, sizes, _ = np.linalg.svd(missing, full_matrices=False)
        new = min(int((sizes > _NOTHING * np.linalg.norm(values)).sum()), width - used)
        embeddings[known, used : used + new] = left[:, :new] * np.sqrt(len(known))
        used += new
    projections = []
    for table in tables:
        fit, mean = _solve(embeddings[table.rows], table.values)
        projections.append((fit.T, mean))
    return embeddings, projections


def _groups(tables: Sequence[KnownRows]) -> list[list[KnownRows]]:
    groups: list[list[KnownRows]] = []
    for table in tables:
        if groups and np.array_equal(groups[-1][0].rows, table.rows):
            groups[-1].append(table)
        else:
            groups.append([table])
    return groups


def _solve(embeddings: Doubles, values: Doubles) -> tuple[Doubles, Doubles]:
    """The smallest fit and mean with embeddings @ fit + mean nearest to values."""
    ones = np.ones((len(embeddings), 1))
    found, *_ = np.linalg.lstsq(np.concatenate([embeddings, ones], axis=1), values, rcond=None)
    return found[:-1], found[-1]
