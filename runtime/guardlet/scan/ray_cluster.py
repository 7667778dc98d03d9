"""Judging on a Ray cluster. Needs the extra `ray`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import Any

from guardlet.errors import EngineError, GuardletError
from guardlet.scan.chunks import AHEAD, Chunk, Scores, in_order
from guardlet.scan.formats import Turn
from guardlet.scan.judge import GuardSource, judge_turns


class _Judge:
    """An actor: one guard, one thread."""

    def __init__(self, source: GuardSource) -> None:
        self._guard = source.load()

    def judge(self, turns: list[tuple[Turn, ...]]) -> Scores:
        return [judge_turns(self._guard, row) for row in turns]


def judge_on_ray(
    chunks: Iterable[Chunk], source: GuardSource, workers: int
) -> Iterator[tuple[Chunk, Scores]]:
    """As `judge_locally`, by `workers` actors of one core each.

    They run on the cluster RAY_ADDRESS names or this machine is part of, else on a local one that
    is started and ended here. Each node needs guardlet and the bundle's folder under the same
    path. Raises EngineError when the cluster or an actor fails, and what a check raises.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise EngineError('--engine ray needs Ray: pip install "guardlet[ray]"') from None
    ours = not ray.is_initialized()
    try:
        if ours:
            _connect(ray, workers)
        actors = [ray.remote(num_cpus=1)(_Judge).remote(source) for _ in range(workers)]
        turn_by_turn = cycle(actors)

        def submit(turns: list[tuple[Turn, ...]]) -> Any:
            return next(turn_by_turn).judge.remote(turns)

        yield from in_order(chunks, submit, ray.get, AHEAD * workers)
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
