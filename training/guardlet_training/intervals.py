"""How sure a share is."""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """`hits` of `rows`, as a `rate` between the ends of its 95 % Wilson interval; `rate`, `low` and
    `high` are None of no rows. Source: Wilson, JASA 22 (1927)."""

    hits: int
    rows: int
    rate: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, hits: int, rows: int) -> Share:
        if rows == 0:
            return cls(0, 0, None, None, None)
        rate, squared = hits / rows, _Z * _Z
        middle = (rate + squared / (2 * rows)) / (1 + squared / rows)
        spread = math.sqrt(rate * (1 - rate) / rows + squared / (4 * rows * rows))
        half = _Z * spread / (1 + squared / rows)
        return cls(hits, rows, rate, max(0.0, middle - half), min(1.0, middle + half))
