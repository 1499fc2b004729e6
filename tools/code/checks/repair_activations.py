"""Repairs of an activation that does not fit its loss: the activation taken out, or the other form of either."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.repair_calls import (
    assigned_name,
    is_written_in,
    node_at,
    operand_of,
    reads_of,
    renamed,
    usable_at,
)
from misrun.tools.code.checks.repair_syntax import text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value, ancestors, is_constant, unwrap
from misrun.tools.code.walking import walk

# The loss that takes the other form: logits in place of probabilities, raw scores in place of their logarithms.
_ON_LOGITS = {
    "BCELoss": "BCEWithLogitsLoss",
    "binary_cross_entropy": "binary_cross_entropy_with_logits",
    "NLLLoss": "CrossEntropyLoss",
    "nll_loss": "cross_entropy",
}
_COMPARING = ("compare", "gt", "ge", "lt", "le", "round")


def given_logits(trace: Trace, event: Event, origin: Value) -> tuple[Edit, ...]:
    """The loss given what goes into the activation; the activation stays where others use its result.

    Where those others compare it with a probability, and the logits have no name of their own, the loss on
    probabilities takes the place of the loss on logits.
    """
    direct = _logits_in_loss(event, origin)
    if direct:
        return direct
    if _is_thresholded(trace, origin):
        return _on_probabilities(trace, event, origin)
    return without(origin)


def _logits_in_loss(event: Event, origin: Value) -> tuple[Edit, ...]:
    """`p = softmax(z); loss = ce(p, y); use(p)` as `ce(z, y)`."""
    made, call = node_at(origin.site), event.node
    if origin.site is None or origin.site.file is not event.file or not isinstance(call, ast.Call) or not call.args:
        return ()
    name, logits = assigned_name(event.file, made) if made is not None else "", operand_of(made)
    first = call.args[0]
    given = isinstance(first, ast.Name) and bool(name) and first.id == name
    if not given or logits is None or len(reads_of(event.file, call, name)) < 2:
        return ()
    is_layer = origin.callee is not None and isinstance(made, ast.Call)
    logits = made.args[0] if is_layer and isinstance(made, ast.Call) and made.args else logits
    if not usable_at(event.file, logits, call):
        return ()
    return (Edit("replace", event.file, first, text_of(event.file, logits)),)


def _is_thresholded(trace: Trace, origin: Value) -> bool:
    """Whether any part of the program compares the result of the activation, or of its other runs, with a number."""
    node = node_at(origin.site)
    for event in trace.events():
        for value in (v for a in (*event.args, event.receiver) if a is not None for v in ancestors(a, 12)):
            if value.op in _COMPARING and any(node_at(unwrap(v).site) is node for v in value.inputs[:1]):
                return True
    return False


def _on_probabilities(trace: Trace, event: Event, origin: Value) -> tuple[Edit, ...]:
    """binary_cross_entropy, where its logits form has no setting that the plain one lacks. It fails under autocast."""
    settings = event.callee.kwargs if event.callee is not None else event.kwargs
    mixed = any(f.kind == "with" and f.label == "autocast" for e in trace.events() for f in e.frame.chain())
    if origin.op != "sigmoid" or "pos_weight" in settings or mixed:
        return ()
    return _other_loss(trace, event, {new: old for old, new in _ON_LOGITS.items()})


def logits_loss(trace: Trace, event: Event, origin: Value) -> tuple[Edit, ...]:
    """The loss that takes logits, unless the program reads the same outputs as probabilities."""
    return () if _is_thresholded(trace, origin) else _other_loss(trace, event, _ON_LOGITS)


def _other_loss(trace: Trace, event: Event, forms: dict[str, str]) -> tuple[Edit, ...]:
    """The call, or the making of the loss object where all its calls are of this kind."""
    made = event.callee.site if event.callee is not None else event.site
    if made is None or not isinstance(made.node, ast.Call):
        return ()
    calls = [e for e in trace.events(event.op) if event.callee is not None and e.callee is event.callee]
    if any(_differs(e, event) for e in calls):
        return ()
    return renamed(made.file, made.node, forms.get(last_name(made.node.func), ""))


def _differs(one: Event, other: Event) -> bool:
    """Another kind of prediction is given to the same loss object."""
    mine, theirs = (unwrap(e.args[0]) if e.args else Value() for e in (one, other))
    return mine.op != theirs.op


def without(origin: Value) -> tuple[Edit, ...]:
    """`softmax(x, dim=1)` and `x.softmax(1)` as `x`; a layer taken out of its Sequential, or made an Identity."""
    node, site = node_at(origin.site), origin.site
    if site is None or not isinstance(node, ast.Call):
        return ()
    layer = origin.callee
    if layer is not None and node_at(layer.site) is node:
        return _without_layer(site, node)
    operand = node.args[0] if layer is not None and node.args else operand_of(node)
    return (Edit("replace", site.file, node, text_of(site.file, operand)),) if operand is not None else ()


def _without_layer(site: Site, node: ast.Call) -> tuple[Edit, ...]:
    """The last layer of a Sequential goes; elsewhere an Identity keeps the numbers of the layers in checkpoints."""
    for call in (n for n in walk(site.file.tree) if isinstance(n, ast.Call)):
        if last_name(call.func) == "Sequential" and len(call.args) > 1 and call.args[-1] is node:
            return (Edit("drop", site.file, node),)
    prefix = text_of(site.file, node.func.value) if isinstance(node.func, ast.Attribute) else None
    return (Edit("replace", site.file, node, f"{prefix}.Identity()"),) if prefix else ()


def without_last_layer(file: object, modules: list[Value], layer: str) -> tuple[Edit, ...]:
    """The activation that ends a Sequential taken out of it."""
    for module in modules:
        last = module.args[-1] if module.class_name == "Sequential" and len(module.args) > 1 else None
        node = node_at(last.site) if last is not None and last.class_name == layer else None
        if last is not None and last.site is not None and last.site.file is file and isinstance(node, ast.Call):
            return _without_layer(last.site, node)
    return ()


def in_log_space(trace: Trace, origin: Value) -> tuple[Edit, ...]:
    """log_softmax in place of softmax, where nothing but argmax and the loss reads it."""
    node, site = node_at(origin.site), origin.site
    if origin.op != "softmax" or site is None or _is_thresholded(trace, origin) or _reads_values(trace, origin):
        return ()
    names = {"softmax": "log_softmax", "Softmax": "LogSoftmax"}
    called = node if isinstance(node, ast.Call) and last_name(node.func) in names else None
    if called is not None:
        return renamed(site.file, called, names[last_name(called.func)])
    made = origin.callee.site if origin.callee is not None else None
    if made is None or not isinstance(made.node, ast.Call):
        return ()
    return renamed(made.file, made.node, names.get(last_name(made.node.func), ""))


def _reads_values(trace: Trace, origin: Value) -> bool:
    """Whether anything reads the probabilities as numbers: their logarithm, their maximum, a product."""
    node = node_at(origin.site)
    ops = ("log", "mul", "sum", "add", "sub", "max", "topk", "multinomial", "softmax", "div", "entropy")
    return any(
        value.op in ops and any(node_at(unwrap(v).site) is node for v in value.inputs) for value in _computed(trace)
    )


def _computed(trace: Trace) -> Iterator[Value]:
    for event in trace.events():
        yield event.result
        yield from (v for a in event.args for v in ancestors(a, 6))


def on_last_axis(dim: Value | None, call: Site | None) -> tuple[Edit, ...]:
    """dim=-1 in place of the number that the call itself writes."""
    node = node_at(dim.site) if dim is not None else None
    if call is None or node is None or not is_constant(dim, 0) or not is_written_in(dim, call.node):
        return ()
    return (Edit("replace", call.file, node, "-1"),)
