"""What a value that is kept would hold: a graph, a whole batch, or only a number."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.memory_containers import container_of
from misrun.tools.code.models import is_output_by_use
from misrun.tools.code.names import names
from misrun.tools.code.torch_api import KEEPING_OPS, LAYERS, LOSS_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import TrainingLoop
from misrun.tools.code.values import Value, alternatives

LEAK = "memory_hardware/memory_leak"
FAQ = "https://docs.pytorch.org/docs/stable/notes/faq.html#my-model-reports-cuda-runtime-error-2-out-of-memory"
GROWS = "Log the process's resident memory (psutil) or torch.cuda.memory_allocated() at every step: it grows."

# Element-wise operations after which a tensor is as large as before.
_SAME_SIZE = KEEPING_OPS | names("softmax log_softmax sigmoid tanh relu normalize mul div add sub")
# One of several outputs, or one entry of each row.
_PARTS = names("element gather")
_REDUCING = names("mean sum")
_MADE = frozenset(LAYERS.values()) | names("module() collated batch randn rand attention zeros ones grad")
_TO_HOST = names("detach numpy data clone copy tolist element comprehension")


def appends(training: TrainingLoop) -> Iterator[tuple[Event, Value]]:
    """Every value appended to a plain list, with its event."""
    for event in training.events:
        if event.op == "append" and event.args and container_of(event) is not None:
            yield event, event.args[0]


_OUTPUTS = frozenset(LAYERS.values()) | {"module()"}


def is_attached_output(value: Value, trace: Trace) -> bool:
    """A network's output, with its graph: no detaching and no reduction to a loss on the way."""
    return any(reaches(leaf, _OUTPUTS, _SAME_SIZE | _PARTS, trace) for leaf in alternatives(value))


def is_attached_loss(value: Value) -> bool:
    return any(reaches(leaf, LOSS_OPS, _SAME_SIZE | _REDUCING) for leaf in alternatives(value))


def is_bulk(value: Value, trace: Trace) -> bool:
    """A batch, or an output as large as one; not a number made of it."""
    return any(reaches(leaf, _MADE, _SAME_SIZE | _TO_HOST, trace) for leaf in alternatives(value))


def reaches(value: Value, origins: frozenset[str], through: frozenset[str], trace: Trace | None = None) -> bool:
    """Whether a value comes from one of the origins, or, with a trace, from a network that only its use tells."""
    stack, budget = [value], 40
    while stack and budget:
        top = stack.pop()
        budget -= 1
        if top.op in origins or ("grad" in origins and top.op == "attr" and top.name == "grad"):
            return True
        if trace is not None and is_output_by_use(top, trace):
            return True
        if (top.op in through or top.op == "join") and not is_python_number(top):
            stack.extend(top.inputs[:2])
        if (top.kind == "sequence" and top.op == "tuple") or top.kind == "mapping":
            stack.extend((*(top.items or ()), *top.kwargs.values()))
    return False


def is_python_number(value: Value) -> bool:
    """`float(loss)`, the number; not `loss.float()`, the tensor."""
    call = value.site.node if value.site else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("float", "int")
