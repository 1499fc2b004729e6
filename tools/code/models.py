"""Which values are networks, told by how the program uses them where their construction is not seen."""

import ast
from functools import lru_cache

from misrun.tools.code.bodies import name_words
from misrun.tools.code.names import names
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Value, alternatives

# What programs call a network; a value of such a name that is called with a batch is one.
_NETWORKS = names(
    "model net network generator discriminator encoder decoder actor critic policy backbone classifier student teacher"
    " unet resnet bert gpt transformer"
)
_SWITCHES = (".train", ".eval", ".zero_grad", ".state_dict", ".load_state_dict", ".requires_grad_")


@lru_cache(maxsize=1)  # several checks ask for the networks of the same trace
def networks_by_use(trace: Trace) -> frozenset[int]:
    """id() of every value whose parameters an optimizer is given, or whose mode, gradients or state are handled."""
    found: set[int] = set()
    for event in trace.events():
        if event.op == "new" and event.result.kind == "optimizer":
            found |= {id(model) for given in event.args[:1] for model in _owners(given)}
        elif event.op.endswith(_SWITCHES) and event.receiver is not None and event.receiver.kind != "optimizer":
            found |= {id(leaf) for leaf in alternatives(event.receiver)}
    return frozenset(found)


def _owners(given: Value) -> list[Value]:
    """What `parameters()` is called on below an optimizer's first argument."""
    found: list[Value] = []
    stack, seen = [given], {id(given)}
    while stack and len(seen) < 200:  # longer lists of parameters do not occur in hand-written code
        top = stack.pop()
        if top.op == "parameters":
            found += [leaf for owner in top.inputs[:1] for leaf in alternatives(owner)]
            continue
        for child in (*top.inputs, *(top.items or ())):
            if id(child) not in seen:
                seen.add(id(child))
                stack.append(child)
    return found


def is_network(value: Value | None, trace: Trace) -> bool:
    """Whether what is called is certainly, by its use, or by its name a network."""
    if value is None:
        return False
    if value.kind == "module":
        return True
    by_use = networks_by_use(trace)
    return any(id(leaf) in by_use for leaf in alternatives(value)) or (
        value.kind == "unknown" and bool(name_words(value.name.rpartition(".")[2]) & _NETWORKS)
    )


def runs_network(event: Event, trace: Trace) -> bool:
    """A call of a network: one that is built in the project or a library, or one that only its use tells."""
    return event.op == "module()" or (
        event.op == "call" and isinstance(event.node, ast.Call) and is_network(event.callee, trace)
    )


def is_loss_by_name(value: Value) -> bool:
    """What a call of something named a criterion or a loss gives back."""
    return value.op == "call" and bool(name_words(value.name.rpartition(".")[2]) & {"criterion", "loss", "criteria"})


def is_output_by_use(value: Value, trace: Trace) -> bool:
    """What a network gives back whose construction is not seen."""
    return value.op == "call" and bool(value.inputs) and is_network(value.inputs[0], trace)
