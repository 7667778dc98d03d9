"""A fixed piece of work. How its time varies says how calm the machine is."""

from __future__ import annotations

import time

import numpy as np

_SIZE = 128


class Probe:
    """A small product of integer matrices, which NumPy computes on one thread, always alike."""

    def __init__(self) -> None:
        self._matrix = np.arange(_SIZE * _SIZE, dtype=np.int64).reshape(_SIZE, _SIZE) % 7
        self.times_ms: list[float] = []

    def take(self) -> None:
        """Times it once."""
        before = time.perf_counter()
        np.matmul(self._matrix, self._matrix)
        self.times_ms.append(1000 * (time.perf_counter() - before))
