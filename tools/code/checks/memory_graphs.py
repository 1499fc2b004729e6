"""Values of a training step kept with their autograd graph: each holds what its step saved."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.graph import is_backpropagated
from misrun.tools.code.checks.memory_containers import (
    container_of,
    created_within,
    is_emptied,
    is_fed_to,
    receiver_text,
)
from misrun.tools.code.checks.memory_values import FAQ, GROWS, LEAK, appends, is_attached_loss, is_attached_output
from misrun.tools.code.checks.repair_graphs import average_detached, detached, never_kept
from misrun.tools.code.project_model import Project
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.training import TrainingLoop, training_loops
from misrun.tools.code.values import Site, Value
from misrun.tools.code.walking import unparsed, walk


def find_outputs_kept(trace: Trace) -> Iterator[Problem]:
    for training in training_loops(trace):
        for event, value in appends(training):
            if event.grad_may_be_off() or not is_attached_output(value, trace) or _outlives_nothing(event, training):
                continue
            if not is_emptied(trace.project, event, training.loop):
                yield _output_kept(event, trace.project)


def _outlives_nothing(event: Event, training: TrainingLoop) -> bool:
    """The list is new in every step, or the loss is computed from it."""
    return created_within(event, training.loop) or is_fed_to(event.receiver, training.root)


def _output_kept(event: Event, project: Project) -> Problem:
    node = event.node.args[0] if isinstance(event.node, ast.Call) and len(event.node.args) == 1 else None
    what = unparsed(node) if node is not None else "the output"
    unread = never_kept(event, receiver_text(event), project)
    return Problem(
        event.site,
        f"`{what}` is kept in every step of training together with its autograd graph.",
        f"Nothing reads `{receiver_text(event)}`: do not keep it."
        if unread
        else f"Keep `{what}.detach()` (and move it to the host), or only the number that is needed of it.",
        0.85,
        GROWS,
        unread or detached(event),
    )


def find_terms_kept(trace: Trace) -> Iterator[Problem]:
    """A loss that is only reported, summed or listed with its graph: nothing ever differentiates it, so nothing frees
    what it keeps for its backward."""
    for training in training_loops(trace):
        for event in training.events:
            value = _added(event)
            if value is None or event.grad_may_be_off() or not is_attached_loss(value):
                continue
            if is_backpropagated(value, training.backwards) or _is_differentiated(event, training):
                continue
            if not _is_reset_in(event, training, trace.project):
                yield _term_kept(event)


def _added(event: Event) -> Value | None:
    if event.op == "augadd" and event.receiver is None:
        return event.args[1]
    return event.args[0] if event.op == "append" and event.args and container_of(event) is not None else None


def _is_differentiated(event: Event, training: TrainingLoop) -> bool:
    """The sum, or what is listed, goes into a loss that is differentiated."""
    made = [event.result, *_added_values(event)]
    return any(is_fed_to(value, training.root) for value in made)


def _added_values(event: Event) -> list[Value]:
    added, container = _added(event), event.receiver
    return [v for v in (added, container) if v is not None]


def _is_reset_in(event: Event, training: TrainingLoop, project: Project) -> bool:
    """The total is set anew in every step."""
    if event.op == "append":
        return created_within(event, training.loop) or is_emptied(project, event, training.loop)
    node = event.node
    target = unparsed(node.target) if isinstance(node, ast.AugAssign) else ""
    assigned = (n for n in walk(training.loop.node) if isinstance(n, ast.Assign))
    return any(unparsed(t) == target for n in assigned for t in n.targets)


def _term_kept(event: Event) -> Problem:
    node = event.node.value if isinstance(event.node, ast.AugAssign) else event.node
    return Problem(
        event.site,
        f"`{unparsed(node)}` is kept with its graph and never differentiated: each step's activations stay in memory.",
        "Keep its number, `.item()` (or `.detach()`, where a tensor is needed), or compute it under torch.no_grad().",
        0.85,
        GROWS,
        detached(event),
    )


def find_average_with_graph(trace: Trace) -> Iterator[Problem]:
    """`running = 0.9 * running + 0.1 * loss` hangs the graph of every step on the one before."""
    for training in training_loops(trace):
        for backward in training.backwards:
            differentiated = _name_of_loss(backward)
            loop = training.loop.node
            assigned = walk(loop) if differentiated else ()
            for node in assigned:
                if isinstance(node, ast.Assign) and _averages(node, differentiated):
                    yield _averaged(backward, node, differentiated)


def _name_of_loss(backward: Event) -> str:
    """The variable that is differentiated: of `loss.backward()` or `accelerator.backward(loss)`."""
    node = backward.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ""
    loss = node.args[0] if backward.receiver is not None and node.args else node.func.value
    return loss.id if isinstance(loss, ast.Name) else ""


def _averages(node: ast.Assign, loss: str) -> bool:
    """The target stands in its own new value, beside the loss itself (not its number)."""
    target = unparsed(node.targets[0])
    if target == loss or not isinstance(node.value, ast.BinOp | ast.IfExp):
        return False
    plain = {id(n) for n in walk(node.value) if isinstance(n, ast.Name | ast.Attribute)}
    for inner in walk(node.value):
        if isinstance(inner, ast.Call):  # loss.item(), float(loss)
            plain -= {id(n) for n in walk(inner)}
        if isinstance(inner, ast.IfExp):
            plain -= {id(n) for n in walk(inner.test)}
    texts = {unparsed(n) for n in walk(node.value) if id(n) in plain}
    return target in texts and loss in texts


def _averaged(backward: Event, node: ast.Assign, loss: str) -> Problem:
    target = unparsed(node.targets[0])
    return Problem(
        Site(backward.file, node),
        f"`{target}` is averaged from `{loss}` itself, so it holds the autograd graph of every step so far.",
        f"Average `{loss}.item()` or `{loss}.detach()`.",
        0.85,
        GROWS,
        average_detached(backward.file, node, loss),
    )


CHECKS = (
    Check("outputs-kept-with-graph", "Outputs of training steps collected with their autograd graph.",
          "Each kept tensor keeps the activations and inputs of its step alive.",
          "Detach what is kept.", LEAK, FAQ, "error", "silent_bug", find_outputs_kept),
    Check("term-kept-with-graph", "A reported loss summed or listed with a graph that nothing differentiates.",
          "Backward frees what a graph saved; without one it stays as long as the total.",
          "Keep the number.", LEAK, FAQ, "error", "silent_bug", find_terms_kept),
    Check("average-with-graph", "A running average computed from the loss tensor itself.",
          "Each new average refers to the last one, so the graphs of all steps stay alive.",
          "Average loss.item().", LEAK, FAQ, "error", "silent_bug", find_average_with_graph),
)  # fmt: skip
