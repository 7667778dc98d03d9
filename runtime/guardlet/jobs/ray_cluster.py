"""Workers on a Ray cluster. Needs the extra `ray`.

They are actors, and not a pool of Ray Data, which keeps order and bytes as well but wants all of
the input before it begins, makes a block and a task of every piece of work (for quick ones three
times as slow, measured), and ends workers without closing them. What it has beyond actors, a lost
worker replaced, is asked of Ray here.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from itertools import cycle
from typing import Any

from guardlet.errors import EngineError, GuardletError
from guardlet.jobs.work import AHEAD, Kept, LateWorker, Result, Work, WorkerSource, in_order

_RETRIES = 3


def work_on_ray(
    pairs: Iterable[tuple[Kept, Work]],
    source: WorkerSource[Work, Result],
    workers: int,
    gpus: float = 0,
) -> Generator[tuple[Kept, Result], None, None]:
    """As `run_workers`, by `workers` actors of one core and `gpus` GPUs each. An actor that is lost
    with its node or runs out of memory is replaced, and does its work again, three times at most.

    They run on the cluster RAY_ADDRESS names or this machine is part of, else on a local one that
    is started and ended here. Each node needs guardlet and the models under the same path. Raises
    EngineError when the cluster or an actor fails, and what a worker raises.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise EngineError('--engine ray needs Ray: pip install "guardlet[ray]"') from None
    ours = not ray.is_initialized()
    try:
        if ours:
            _connect(ray, workers)
        again = {"max_restarts": _RETRIES, "max_task_retries": _RETRIES}
        kind = ray.remote(num_cpus=1, num_gpus=gpus, **again)(LateWorker)
        actors = [kind.remote(source) for _ in range(workers)]
        turn_by_turn = cycle(actors)

        def submit(work: Work) -> Any:
            return next(turn_by_turn).work.remote(work)

        yield from in_order(pairs, submit, ray.get, AHEAD * workers)
        ray.get([actor.close.remote() for actor in actors])
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        raise cause if isinstance(cause, GuardletError) else _failed(error) from None
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise _failed(error) from None
    finally:
        if ours:
            ray.shutdown()


def _connect(ray: Any, workers: int) -> None:
    """To a cluster that is there, else to a new one with a core for each worker."""
    quiet = {"log_to_driver": False, "include_dashboard": False, "logging_level": "error"}
    try:
        ray.init(address="auto", log_to_driver=False, logging_level="error")
    except ConnectionError:
        ray.init(address="local", num_cpus=workers, **quiet)


def _failed(error: Exception) -> EngineError:
    return EngineError(
        f"Ray failed ({type(error).__name__}); look at the cluster. The same command goes on where "
        "this one stopped"
    )
