"""Where the work of an evaluation is done: processes of this machine, or a Ray cluster; the same work either way."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from enum import StrEnum
from typing import Any, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(StrEnum):
    """`ray` joins the cluster that RAY_ADDRESS names, or starts one on this machine."""

    local = "local"
    ray = "ray"


def each(
    work: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item], jobs: int, engine: Engine
) -> Iterator[tuple[Item, Result]]:
    """`work(shared, item)` for every item, `jobs` at a time, in the order in which they finish."""
    return (_on_ray if engine is Engine.ray else _locally)(work, shared, items, jobs)


_shared: Any = None
_work: Any = None


def _share(work: Any, shared: Any) -> None:
    """Gives a worker process what all items share once, instead of with every item."""
    global _shared, _work
    _shared, _work = shared, work


def _call(item: Any) -> Any:
    return _work(_shared, item)


def _locally(work: Any, shared: Any, items: Sequence[Any], jobs: int) -> Iterator[tuple[Any, Any]]:
    if not items:
        return
    with ProcessPoolExecutor(min(jobs, len(items)), initializer=_share, initargs=(work, shared)) as pool:
        waiting = {pool.submit(_call, item): item for item in items}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _on_ray(work: Any, shared: Any, items: Sequence[Any], jobs: int) -> Iterator[tuple[Any, Any]]:
    import ray

    ray.init(
        num_cpus=None if os.environ.get("RAY_ADDRESS") else jobs,
        ignore_reinit_error=True,
        include_dashboard=False,
        log_to_driver=False,
    )
    remote, handle = ray.remote(work), ray.put(shared)
    waiting = {remote.remote(handle, item): item for item in items}
    while waiting:
        for done in ray.wait(list(waiting))[0]:
            yield waiting.pop(done), ray.get(done)
