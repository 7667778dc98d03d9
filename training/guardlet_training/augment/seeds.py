"""A seed of its own for every row, whatever is made before or beside it."""

from __future__ import annotations

from hashlib import sha256


def row_seed(seed: int, name: str) -> int:
    """31 bits, which every back end takes, of the SHA-256 of both."""
    return int.from_bytes(sha256(f"{seed}/{name}".encode()).digest()[:4]) >> 1
