"""What a reproduction will do: its steps, their rows, and an estimate of what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guardlet_training.reproduce.settings import Arm, Load, Reproduction

READ, TRAIN = 2, 6  # FLOP of a parameter and token: forward, and forward and backward
RESPONSES = 3
"""Rows of an instruction: refused, answered and without a response."""


@dataclass(frozen=True)
class Step:
    """`rows` go through a model `passes` times; `gpu_hours` is rows x passes x tokens x parameters
    x 2 (6 to train) over the GPU's speed, an estimate."""

    title: str
    rows: int
    passes: float
    gpu_hours: float


def plan(job: Reproduction) -> list[Step]:
    """The steps in order, rows as if every instruction were kept."""
    return list(_steps(job))


def arm_rows(job: Reproduction, arm: Arm) -> int:
    """Training rows of an arm."""
    if arm == "kd":
        return job.data.rows
    if arm == "eda":
        return job.data.rows * (1 + job.eda.count)
    return job.data.rows + RESPONSES * job.generate.count


def total_hours(steps: Sequence[Step]) -> float:
    return sum(step.gpu_hours for step in steps)


def _steps(job: Reproduction) -> Iterator[Step]:
    loads, epochs = job.loads, job.student.training.epochs
    yield _step("label D", job.data.rows, loads.label, READ * len(job.teachers))
    for arm, name in (("harmaug", ""), ("no_prefix", ", no prefix")):
        if arm not in job.arms:
            continue
        count = job.generate.count
        yield _step(f"generate{name}", count, loads.generate, READ)
        yield _step(f"respond{name}: refusals", count, loads.refuse, READ)
        yield _step(f"respond{name}: answers", count, loads.comply, READ)
        yield _step(f"label{name}", RESPONSES * count, loads.label, READ * len(job.teachers))
    for arm in job.arms:
        passes = epochs * len(job.seeds)
        title = f"train {arm}, {len(job.seeds)} seeds of {epochs:g} epochs"
        yield _step(title, arm_rows(job, arm), loads.train, TRAIN, passes)


def _step(title: str, rows: int, load: Load, flop: float, passes: float = 1) -> Step:
    work = rows * passes * load.tokens * load.parameters * flop
    return Step(title, rows, passes, work / (load.teraflops * 1e12) / 3600)
