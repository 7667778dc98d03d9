"""Where the workers are: in this process, in several of this machine, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Literal

from guardlet.jobs.processes import work_here, work_in_processes
from guardlet.jobs.ray_cluster import work_on_ray
from guardlet.jobs.work import Kept, Result, Work, WorkerSource

Engine = Literal["local", "ray"]


def run_workers(
    pairs: Iterable[tuple[Kept, Work]],
    source: WorkerSource[Work, Result],
    engine: Engine = "local",
    workers: int = 1,
    gpus: float = 0,
) -> Generator[tuple[Kept, Result], None, None]:
    """Each `Kept` with the result of its work, in order, the same for any engine and number of
    workers. Work and results are pickled; `gpus` are those of one worker on Ray.

    One local worker is this process; more are started with `spawn`, so a script that calls this
    needs the usual `if __name__ == "__main__":`. Raises EngineError when a worker or the cluster
    fails, and what a worker raises.
    """
    if engine == "ray":
        return work_on_ray(pairs, source, workers, gpus)
    return work_in_processes(pairs, source, workers) if workers > 1 else work_here(pairs, source)
