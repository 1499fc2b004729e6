"""Where the work of an evaluation is done: processes of this machine, or a Ray cluster; the same work either way."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from enum import StrEnum
from multiprocessing import get_context
from typing import Any, Literal, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")
Start = Literal["fork", "spawn"]


class Engine(StrEnum):
    """`ray` joins the cluster that RAY_ADDRESS names, or starts one on this machine."""

    local = "local"
    ray = "ray"


def each(
    work: Callable[[Shared, Item], Result],
    shared: Shared,
    items: Sequence[Item],
    jobs: int,
    engine: Engine,
    *,
    start: Start | None = None,
) -> Iterator[tuple[Item, Result]]:
    """`work(shared, item)` for every item, `jobs` at a time, in the order in which they finish.

    `start` is how local workers begin (None: as is usual on the platform): "spawn" for callers with threads, whose
    locks a fork would copy as they stand.
    """
    return _on_ray(work, shared, items, jobs) if engine is Engine.ray else _locally(work, shared, items, jobs, start)


_shared: Any = None
_work: Any = None


def _share(work: Any, shared: Any) -> None:
    """Gives a worker process what all items share once, instead of with every item."""
    global _shared, _work
    _shared, _work = shared, work


def _call(item: Any) -> Any:
    return _work(_shared, item)


def _locally(work: Any, shared: Any, items: Sequence[Any], jobs: int, start: Start | None) -> Iterator[tuple[Any, Any]]:
    if not items:
        return
    begun = get_context(start)
    with ProcessPoolExecutor(min(jobs, len(items)), begun, initializer=_share, initargs=(work, shared)) as pool:
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
