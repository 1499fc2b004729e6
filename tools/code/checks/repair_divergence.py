"""Repair of an evidence bound whose two terms are reduced differently: both summed, as in Kingma and Welling 2013
(https://arxiv.org/abs/1312.6114, equation 10)."""

import ast

from misrun.tools.code.checks.repair_syntax import text_of, with_keyword
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Value, unwrap


def summed_alike(trace: Trace, reconstruction: Value, divergence: Value) -> tuple[Edit, ...]:
    """reduction="sum" beside a KL term summed over the whole batch; divided by the batch where that term is a mean over
    samples of sums over the code."""
    loss = unwrap(reconstruction)
    call, made = loss.site, loss.callee.site if loss.callee is not None else None
    if call is None or not isinstance(call.node, ast.Call) or "reduction" in {**loss.kwargs}:
        return ()
    if loss.callee is not None and ("reduction" in loss.callee.kwargs or _is_shared(trace, loss)):
        return ()
    per_sample = _is_mean_of_sums(divergence)
    target = call.node.args[1] if len(call.node.args) > 1 else None
    if per_sample is None or (per_sample and not isinstance(target, ast.Name)):
        return ()
    if made is None:
        return _summed_call(call.node, per_sample, loss)
    if not isinstance(made.node, ast.Call) or per_sample:
        return ()
    return (with_keyword(made.file, made.node, "reduction", '"sum"'),)


def _summed_call(call: ast.Call, per_sample: bool, loss: Value) -> tuple[Edit, ...]:
    file = loss.site.file if loss.site is not None else None
    if file is None:
        return ()
    if not per_sample:
        return (with_keyword(file, call, "reduction", '"sum"'),)
    target = text_of(file, call.args[1])
    text = text_of(file, call)[:-1].rstrip().rstrip(",")
    return (Edit("replace", file, call, f'{text}, reduction="sum") / {target}.size(0)'),)


def _is_shared(trace: Trace, loss: Value) -> bool:
    return sum(e.callee is loss.callee for e in trace.events(loss.op)) > 1


def _is_mean_of_sums(divergence: Value) -> bool | None:
    """True for `.sum(1).mean()`, False for one sum over everything, None for another form."""
    value, mean = unwrap(divergence), False
    for _ in range(6):  # weights and signs around the sum
        if value.op == "sum":
            one_axis = bool(value.argument(1, "dim", "axis"))
            return mean if mean == one_axis else None
        mean = mean or value.op == "mean"
        parts = [v for v in value.inputs if v.kind != "const"]
        if len(parts) != 1:
            return None
        value = unwrap(parts[0])
    return None
