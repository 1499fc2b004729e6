"""The autograd graph: kept alive for no reason, cut before it reaches the parameters, or used twice."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_detaching import (
    kept_without_graph,
    the_loss_itself,
    uncut,
    without_retaining,
)
from misrun.tools.code.names import names
from misrun.tools.code.torch_api import CONSTANT_OPS, DETACHING_OPS, LAYERS, LOSS_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Value, alternatives, ancestors, is_constant
from misrun.tools.code.walking import unparsed, walk

_MEMORY = "https://docs.pytorch.org/docs/stable/notes/faq.html#my-model-reports-cuda-runtime-error-2-out-of-memory"
_AUTOGRAD = "https://docs.pytorch.org/docs/stable/notes/autograd.html"


def find_accumulated_loss(trace: Trace) -> Iterator[Problem]:
    for root in trace.roots:
        backwards = [e for e in root if e.op == "backward"]
        for event in root:
            value = _kept(event)
            if value is None or event.grad_may_be_off() or not event.loops():
                continue
            if is_backpropagated(value, backwards) and not _feeds_backward(event, backwards):
                yield _kept_graph(event)


def _kept(event: Event) -> Value | None:
    """The value an event adds to something that outlives the pass."""
    if event.op == "augadd" and event.receiver is None:
        return event.args[1]
    if event.op == "append" and event.args:
        return event.args[0]
    if event.op == "set[]" or event.op.startswith("set."):
        return None
    return None


def is_backpropagated(value: Value, backwards: list[Event]) -> bool:
    """Whether the value itself, or a plain multiple of it, had backward called on it."""
    return any(_attached(v) and any(_is_loss_of(v, b) for b in backwards) for v in _plain_parts(value))


def _plain_parts(value: Value, depth: int = 4) -> Iterator[Value]:
    """The value seen through operations that keep the graph: `loss / k`, `loss * n`, `loss.mean()`."""
    yield value
    if depth and value.op in ("mul", "div", "mean", "sum", "clone", "add", "scale"):
        for part in value.inputs:
            if part.kind != "const" and part.op not in _NUMBERS:
                yield from _plain_parts(part, depth - 1)


# What a loss is multiplied with or divided by: sizes, weights, counts.
_NUMBERS = names("attr len name size counter parameter element changing numel dim floordiv binary")


def _attached(value: Value) -> bool:
    return value.kind != "const" and value.op not in DETACHING_OPS | {"batch", "parameter"} | (_NUMBERS - {"element"})


def _is_loss_of(value: Value, backward: Event) -> bool:
    return any(v is value for a in backward.args for leaf in alternatives(a) for v in _plain_parts(leaf))


def _feeds_backward(event: Event, backwards: list[Event]) -> bool:
    """Whether what is accumulated is itself differentiated: `total += loss; ...; total.backward()`."""
    if event.op == "augadd":
        return any(event.result in ancestors(a, 60) for b in backwards for a in b.args)
    container = event.receiver
    return container is None or any(v is container for b in backwards for a in b.args for v in ancestors(a, 60))


def _kept_graph(event: Event) -> Problem:
    node = event.node.value if isinstance(event.node, ast.AugAssign) else None
    if isinstance(event.node, ast.Call) and len(event.node.args) == 1:
        node = event.node.args[0]
    what = unparsed(node) if node is not None else "the loss"
    return Problem(
        event.site,
        f"`{what}` is kept with its autograd graph: every step's activations stay in memory.",
        f"Keep `{what}.item()` or `{what}.detach()`.",
        0.9,
        "Log torch.cuda.memory_allocated() at every step: it grows until the end of the loop.",
        kept_without_graph(event),
    )


def find_detached_loss(trace: Trace) -> Iterator[Problem]:
    off = {id(e.node) for e in trace.events() if e.grad_is_off()}
    off -= {id(e.node) for e in trace.events() if not e.grad_is_off()}
    for event in trace.events("backward"):
        loss = event.args[0]
        for leaf in alternatives(loss)[:1]:
            cut = _cut_everywhere(leaf, off)
            if cut is not None and len(alternatives(loss)) == 1:
                yield Problem(
                    event.site,
                    f"The loss does not depend on the model any more: `{cut.op}` at {cut.site} cuts the graph.",
                    "Compute the loss from tensors that still carry their graph.",
                    0.85,
                    "Print loss.grad_fn and the gradient of one parameter after backward: None.",
                    uncut(loss, cut),
                )


def _cut_everywhere(loss: Value, off: set[int]) -> Value | None:
    """The operation that cuts the graph, when every way back from the loss ends in a cut, a constant or data; `off` are
    the nodes evaluated under no_grad alone."""
    cut: Value | None = None
    stack, seen, budget = [loss], {id(loss)}, 300
    while stack:
        value = stack.pop()
        budget -= 1
        if not budget:
            return None
        if value.op in DETACHING_OPS or value.op == "data":
            cut = value if value.op == "detach" or _had_graph(value) else cut
            continue
        if (value.site is not None and id(value.site.node) in off) or _is_given_data(value):
            continue
        if is_constant(value.kwargs.get("requires_grad"), True):
            return None
        if value.kind == "const" or value.op in CONSTANT_OPS - _CONVERSIONS or value.op == "batch":
            continue
        if value.op not in _TRANSPARENT or not value.inputs:
            return None
        for part in value.inputs:
            if id(part) not in seen:
                seen.add(id(part))
                stack.append(part)
    return cut


# They take over data, which may come from a cut graph.
_CONVERSIONS = names("tensor as_tensor from_numpy")
_TRANSPARENT = LOSS_OPS | names(
    "add sub mul div pow mean sum abs log exp sqrt neg square norm view reshape squeeze unsqueeze float to"
    " index softmax log_softmax sigmoid relu tensor element as_tensor from_numpy collated row astype double half cpu "
    "cuda flatten gather mask clamp unbind sigmoid"
)


# What the functions of training code call the data that they are given.
_DATA = names(
    "batch data inputs input targets target labels label transitions sample samples x y obs states actions rewards "
    "dones next_states done reward state action"
)


def _is_given_data(value: Value) -> bool:
    return value.op == "parameter" and value.name in _DATA


def _had_graph(value: Value) -> bool:
    graph = frozenset(LAYERS.values()) | LOSS_OPS | {"module()"}
    return any(v.op in graph for v in ancestors(value, 60))


def find_loss_rebuilt_from_number(trace: Trace) -> Iterator[Problem]:
    """`torch.tensor(loss.item(), requires_grad=True).backward()`: gradients reach nothing."""
    for event in trace.events("backward"):
        loss = event.args[0]
        made = next((v for v in ancestors(loss, 20) if v.op in ("tensor", "as_tensor")), None)
        if (
            made is None
            or not is_constant(made.kwargs.get("requires_grad"), True)
            or loss.op not in ("tensor", "mul", "div")
        ):
            continue
        yield Problem(
            event.site,
            f"backward runs on a new leaf tensor made at {made.site}: no gradient reaches the model.",
            "Call backward on the loss that was computed from the model's outputs.",
            0.9,
            "Print the gradient of one parameter after backward: None.",
            the_loss_itself(made.site) if made.site is not None else (),
        )


def find_retained_graph(trace: Trace) -> Iterator[Problem]:
    for training in training_loops(trace):
        if len(training.backwards) != 1:
            continue
        backward = training.backwards[0]
        if (
            backward.receiver is None
            and is_constant(backward.kwargs.get("retain_graph"), True)
            and backward.loops()[-1:] == [training.loop]
        ):
            stored = {
                n.id for n in walk(training.loop.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            carried = ("parameter", "name", "attr")
            below = list(ancestors(backward.args[0], 60))
            if any(v.op == "changing" or (v.op in carried and v.name in stored) for v in below):
                continue
            yield Problem(
                backward.site,
                "retain_graph=True with a single backward per step keeps the graph although nothing uses it again; "
                "where it was needed to get rid of an error, a tensor of an earlier step is being differentiated.",
                "Drop retain_graph=True and detach what is carried from step to step.",
                0.35,
                "Remove it: if an error about a freed graph appears, find the tensor carried over and detach it.",
                without_retaining(backward),
            )


CHECKS = (
    Check("loss-accumulated-with-graph", "A loss added to a total or list together with its graph.",
          "A tensor with a graph keeps all activations of its step alive.",
          "Accumulate loss.item() or loss.detach().", "memory_hardware/memory_leak",
          _MEMORY, "error", "silent_bug", find_accumulated_loss),
    Check("detached-loss", "backward on a value that no longer depends on the parameters.",
          "item, detach, numpy and argmax cut the graph; backward then fails or changes nothing.",
          "Keep the loss differentiable up to backward.", "model_software/detached_graph",
          _AUTOGRAD, "error", "silent_bug", find_detached_loss),
    Check("loss-is-new-leaf", "backward on a tensor built anew with requires_grad=True.",
          "A new leaf has no history: the gradient stops there.",
          "Call backward on the computed loss.", "model_software/detached_graph",
          _AUTOGRAD, "error", "silent_bug", find_loss_rebuilt_from_number),
    Check("retain-graph", "retain_graph=True with one backward per step.",
          "It keeps memory and hides that a tensor of an earlier step is differentiated again.",
          "Detach what is carried over.", "model_software/graph_reuse",
          _AUTOGRAD, "note", "silent_bug", find_retained_graph),
)  # fmt: skip
