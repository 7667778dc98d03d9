"""How sure a share is."""

from __future__ import annotations

from dataclasses import dataclass

from guardlet.scan.share import wilson


@dataclass(frozen=True)
class Share:
    """`hits` of `rows`, as a `rate` between the ends of its 95 % Wilson interval; `rate`, `low` and
    `high` are None of no rows."""

    hits: int
    rows: int
    rate: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, hits: int, rows: int) -> Share:
        if rows == 0:
            return cls(0, 0, None, None, None)
        share = wilson(hits, rows)
        return cls(hits, rows, share.estimate, share.lower, share.upper)
