"""The values gradients flow through: everything a backward reaches, up to where the graph is cut."""

from collections.abc import Iterable
from functools import lru_cache

from misrun.tools.code.torch_api import DETACHING_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value

# A loss of a large model has some thousand values below it; the bound keeps joins in loops from growing without end.
_MOST = 6000


@lru_cache(maxsize=1)  # several checks ask for the values of the same trace
def differentiated(trace: Trace) -> tuple[tuple[tuple[Event, ...], tuple[Value, ...]], ...]:
    """For every root the values its backwards reach. A forward() nothing in the project calls counts as reached."""
    return tuple((root, values) for root in trace.roots if (values := tuple(_reached(root))))


def _reached(root: tuple[Event, ...]) -> Iterable[Value]:
    backwards = [event.args[0] for event in root if event.op == "backward" and event.args]
    if not backwards and _is_forward(root):
        backwards = [event.result for event in root if not event.grad_is_off()]
    return _below(backwards)


def _is_forward(root: tuple[Event, ...]) -> bool:
    """Whether the root is a method `forward` followed on its own."""
    return bool(root) and any(f.kind == "root" and f.label.endswith(".forward") for f in root[0].frame.chain())


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
