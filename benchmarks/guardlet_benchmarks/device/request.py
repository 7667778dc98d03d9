"""What a user asks a target to measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from guardlet_benchmarks.device.report import DeviceReport

LENGTHS = (32, 64, 128, 256, 512)
ROUNDS = 30
SUSTAINED_SECONDS = 60.0


@dataclass(frozen=True)
class DeviceRequest:
    """`bundle`: a folder, None for the embedded one. `engines`: names of engines or ids of
    artifacts, None for all that run there. `threads`: None for the device's own choice.
    `rounds`: timed checks of each artifact, length and number of threads. `sustained_seconds`:
    of the long run, shared by the artifacts; 0 for none. `peers`: folder of the trained weights
    to run in other ways beside, None for none; the host only.
    """

    bundle: Path | None = None
    engines: tuple[str, ...] | None = None
    lengths: tuple[int, ...] = LENGTHS
    threads: tuple[int, ...] | None = None
    rounds: int = ROUNDS
    sustained_seconds: float = SUSTAINED_SECONDS
    peers: Path | None = None


Progress = Callable[[DeviceReport], None]


class Target(Protocol):
    """Something that can be measured: each target's module has one such function `measure`."""

    def __call__(self, request: DeviceRequest, progress: Progress) -> DeviceReport:
        """Calls `progress` with what there is each time a measurement is finished, so that what
        was measured survives what comes after. Raises a GuardletError."""
        ...
