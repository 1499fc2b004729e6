"""Fewer processes that load data: one where each holds a copy of too much, none where they share too little."""

import ast

from misrun.tools.code.checks.repair_syntax import given_node, with_keyword
from misrun.tools.code.cure_edits.numerals import set_number
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Site, number

# torch.utils.data.DataLoader(dataset, batch_size, shuffle, sampler, batch_sampler, num_workers, ...)
_POSITION = 5
# "only with num_workers > 0" (torch.utils.data.DataLoader raises ValueError otherwise).
_FOR_WORKERS = ("prefetch_factor", "persistent_workers", "timeout", "multiprocessing_context")


def fewer(scene: Scene) -> Written | None:
    """None where shared memory ran out, one where the memory of the host did."""
    return no_worker(scene) if _ran_out_of_shared_memory(scene) else one_worker(scene)


def _ran_out_of_shared_memory(scene: Scene) -> bool:
    return any(event.name == "shm_exhausted" for event in scene.facts.run.events)


def one_worker(scene: Scene) -> Written | None:
    """As many copies as there are processes: with one there is the fewest that leaves every other setting valid."""
    loader = _with_workers(scene, 2)
    if loader is None:
        return None
    said = "Load with 1 worker process, so that one copy of the data set is held; raise the number while memory lasts."
    return _set(scene, loader, 1, said)


def no_worker(scene: Scene) -> Written | None:
    """The main process hands nothing through /dev/shm; what is only valid with workers goes with them."""
    loader = _with_workers(scene, 1)
    if loader is None or not isinstance(loader.node, ast.Call):
        return None
    said = "Load in the main process (num_workers=0), which hands no batch through shared memory."
    written = _set(scene, loader, 0, said)
    beside = [k for k in loader.node.keywords if k.arg in _FOR_WORKERS and not _is_off(k.value)]
    if written is None or not beside:
        return written
    if written.edits and written.site.file is loader.file and len(beside) > 1:
        return None  # neighbouring arguments cannot be dropped one by one
    return Written(
        said, written.site, (*written.edits, *(Edit("drop", loader.file, k) for k in beside)), written.changes
    )


def four_workers(scene: Scene) -> Written | None:
    """The training loader without workers gets four, as far as its data set is a class or a tensor that can be handed
    to other processes: a lambda in the call cannot."""
    for loader in (e for e in scene.trace.events("new") if e.result.kind == "loader"):
        node, given = loader.node, loader.argument(_POSITION, "num_workers")
        if not isinstance(node, ast.Call) or any(isinstance(n, ast.Lambda) for n in ast.walk(node)):
            continue
        said = "Load with 4 worker processes, beside the training step."
        hidden = any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords)
        if given is None and not hidden:
            return Written(said, Site(loader.file, node), (with_keyword(loader.file, node, "num_workers", "4"),))
        return _set(scene, loader, 4, said) if number(given) == 0 else None
    return None


def _with_workers(scene: Scene, fewest: int) -> Event | None:
    """The loader of the training data (the first that is made) with at least so many workers."""
    loaders = [e for e in scene.trace.events("new") if e.result.kind == "loader"]
    return next((e for e in loaders if (number(e.argument(_POSITION, "num_workers")) or 0) >= fewest), None)


def _set(scene: Scene, loader: Event, workers: int, said: str) -> Written | None:
    value = loader.argument(_POSITION, "num_workers")
    return set_number(scene, value, given_node(loader.node, _POSITION, "num_workers"), workers, said)


def _is_off(node: ast.expr) -> bool:
    """None, False and 0 are valid without workers; `x if workers else None` looks after it itself."""
    return isinstance(node, ast.IfExp) or (isinstance(node, ast.Constant) and not node.value)
