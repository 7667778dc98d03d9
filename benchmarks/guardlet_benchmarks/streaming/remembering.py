"""An engine that runs each window once, however many schedules ask for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guardlet.encoder import Window
from guardlet.engines import Engine


class RememberingEngine:
    """`engine`, with the logits of what it was asked since `forget`.

    `tokens` counts the tokens of every window asked for, remembered or not: what it would have
    cost. For one thread.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[Window, NDArray[np.float32]] = {}
        self.tokens = 0

    def logits(self, window: Window) -> NDArray[np.float32]:
        """As an engine's."""
        self.tokens += len(window.ids)
        if window not in self._known:
            self._known[window] = self._engine.logits(window)
        return self._known[window]

    def forget(self) -> None:
        self._known.clear()
