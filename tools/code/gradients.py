"""The values gradients flow through: everything a backward reaches, up to where the graph is cut."""

import re
from collections.abc import Iterable
from functools import lru_cache

from misrun.tools.code.torch_api import DETACHING_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value

# A loss of a large model has some thousand values below it; the bound keeps joins in loops from growing without end.
_MOST = 6000


@lru_cache(maxsize=1)  # several checks ask for the values of the same trace
def differentiated(trace: Trace) -> tuple[tuple[tuple[Event, ...], tuple[Value, ...]], ...]:
    """For every root the values its backwards reach. A forward() or a loss that nothing in the project calls counts as
    reached."""
    return tuple((root, values) for root in trace.roots if (values := tuple(_reached(root))))


def _reached(root: tuple[Event, ...]) -> Iterable[Value]:
    backwards = [event.args[0] for event in root if event.op == "backward" and event.args]
    if not backwards and is_objective(root):
        made = [event.args if event.op == "return" else (event.result,) for event in root if not event.grad_is_off()]
        backwards = [value for values in made for value in values]
    return _below(backwards)


# How libraries name the functions whose results are differentiated elsewhere.
_OBJECTIVES = re.compile(r"loss|criterion|objective|(?:^|\.)(?:forward|training_step)$", re.IGNORECASE)


def is_objective(root: tuple[Event, ...]) -> bool:
    """Whether the root is a method `forward` or `training_step`, or a loss by its name, followed on its own."""
    return bool(root) and any(f.kind == "root" and _OBJECTIVES.search(f.label) for f in root[0].frame.chain())


def _below(values: list[Value]) -> list[Value]:
    found: list[Value] = []
    seen, stack = set(map(id, values)), list(values)
    while stack and len(found) < _MOST:
        top = stack.pop()
        if top.op in DETACHING_OPS:
            continue
        found.append(top)
        for child in (*top.inputs, *(top.items or ())):
            if id(child) not in seen:
                seen.add(id(child))
                stack.append(child)
    return found
