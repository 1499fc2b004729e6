"""Edits that put the samples of a training loop in another order."""

import ast
from collections.abc import Iterable, Iterator

from misrun.tools.code.checks.repair_syntax import with_keyword
from misrun.tools.code.patches import Edit
from misrun.tools.code.training import TrainingLoop
from misrun.tools.code.values import Value, alternatives, ancestors, is_constant


def keeps_order(loader: Value) -> bool:
    """Whether a DataLoader reads its data set from the first row to the last in every epoch."""
    given = loader.argument(2, "shuffle")
    return (given is None or is_constant(given, False)) and not {"sampler", "batch_sampler", "**"} & set(loader.kwargs)


def shuffled_loaders(trainings: Iterable[TrainingLoop]) -> tuple[Edit, ...]:
    """`shuffle=True` for the loaders that training loops run over in order; nothing where one cannot have it."""
    loaders = {id(v): v for t in trainings for v in _loaders_of(t) if keeps_order(v)}
    edits = [edit for v in loaders.values() for edit in shuffled(v)]
    return tuple(edits) if len(edits) == len(loaders) else ()


def shuffled(loader: Value) -> Iterator[Edit]:
    """`shuffle=True` in the call that makes the loader. A stream of samples has no order to change."""
    node = loader.site.node if loader.site is not None else None
    streams = any("Iterable" in v.class_name for v in (loader.argument(0, "dataset"),) if v is not None)
    positional = isinstance(node, ast.Call) and len(node.args) > 2
    if loader.site is not None and isinstance(node, ast.Call) and not streams and not positional:
        yield with_keyword(loader.site.file, node, "shuffle", "True")


def _loaders_of(training: TrainingLoop) -> Iterator[Value]:
    over = training.loop.value
    for value in ancestors(over, 12) if over is not None else ():
        yield from (v for v in alternatives(value) if v.kind == "loader" and v.op != "join")
