"""Figures of each category of a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from guardlet_training.metrics import Metrics, compute_metrics
from guardlet_training.rows import Row

# Dimension, such as a risk area, to the category of each row; None for a row without.
Tags = Mapping[str, Sequence[str | None]]
Categories = dict[str, dict[str, Metrics]]


def tags(rows: Sequence[Row], dimensions: Sequence[str], own: bool) -> Tags:
    """By the given keys of the rows' `extra`; with `own`, by `category` where there are none."""
    if not dimensions and own and any(row.category for row in rows):
        return {"category": [row.category for row in rows]}
    return {name: [row.extra.get(name) for row in rows] for name in dimensions}


def by_category(
    labels: Sequence[int], scores: Sequence[float], tagged: Tags, threshold: float
) -> Categories:
    """Metrics by dimension and category, both labels and scores of the same rows."""
    found: Categories = {}
    for dimension, values in tagged.items():
        members: dict[str, list[int]] = {}
        for index, value in enumerate(values):
            if value is not None:
                members.setdefault(value, []).append(index)
        found[dimension] = {
            value: compute_metrics([labels[i] for i in at], [scores[i] for i in at], threshold)
            for value, at in sorted(members.items())
        }
    return found
