"""Activation and loss that do not fit together: applied twice, or missing."""

import ast
from collections.abc import Iterator

from misrun.tools.code.batched import is_batched
from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_activations import (
    given_logits,
    in_log_space,
    logits_loss,
    on_last_axis,
    without,
    without_last_layer,
)
from misrun.tools.code.checks.repair_syntax import with_keyword
from misrun.tools.code.patches import Edit
from misrun.tools.code.torch_api import LAST_LAYER_OPS
from misrun.tools.code.trace import Event, Trace
from misrun.tools.code.values import Site, Value, alternatives, always, is_constant, number, unwrap

_CE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"
_BCE = "https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html"
_NLL = "https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html"
_KL = "https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html"
_RANGE = "Print min, max and the sum over classes of the tensor given to the loss."


def _losses(trace: Trace, op: str) -> Iterator[tuple[Event, Value]]:
    for event in trace.events(op):
        prediction = event.argument(0, "input")
        if prediction is not None:
            yield event, prediction


def _where(origin: Value) -> str:
    return str(origin.site) if origin.site else "?"


def find_softmax_before_cross_entropy(trace: Trace) -> Iterator[Problem]:
    for event, prediction in _losses(trace, "cross_entropy"):
        origin = always(prediction, "softmax", "sigmoid", "log_softmax")
        if origin is None or event.grad_is_off():
            continue
        is_log = origin.op == "log_softmax"
        effect = "harmless but wasteful" if is_log else "gradients become small and the loss cannot get near 0"
        yield Problem(
            origin.site or event.site,
            f"The output of {origin.op} goes to cross_entropy ({event.site}), which applies log_softmax itself: "
            f"{effect}.",
            "Give cross_entropy the raw logits" + (", or use nll_loss." if is_log else "."),
            0.6 if is_log else 0.95,
            _RANGE,
            () if is_log else given_logits(trace, event, origin),
            (event.site,),
        )


def find_sigmoid_before_logits_loss(trace: Trace) -> Iterator[Problem]:
    for event, prediction in _losses(trace, "binary_cross_entropy_with_logits"):
        origin = always(prediction, "sigmoid", "softmax", "logsigmoid")
        if origin is not None:
            yield Problem(
                origin.site or event.site,
                f"The output of {origin.op} goes to binary_cross_entropy_with_logits ({event.site}), which applies "
                "sigmoid "
                "itself: outputs are squeezed into 0.5 to 0.73.",
                "Give it the raw logits, or use binary_cross_entropy on the probabilities.",
                0.95,
                _RANGE,
                given_logits(trace, event, origin),
                (event.site,),
            )


def find_activation_beside_loss(trace: Trace) -> Iterator[Problem]:
    """One call is given a sigmoid and BCEWithLogitsLoss (a softmax and CrossEntropyLoss): a head that applies both."""
    for event in trace.events():
        given = [*event.args, *event.kwargs.values()]
        losses = {v.class_name: v for v in given if v.kind == "loss"}
        for loss, layer in (("BCEWithLogitsLoss", "Sigmoid"), ("CrossEntropyLoss", "Softmax")):
            last = [_last_layer(v) for v in given if v.kind == "module"]
            if loss in losses and any(v.class_name == layer and not v.definition for v in last):
                yield Problem(
                    event.site,
                    f"One head is given {layer} as its last layer and {loss}, which applies it itself.",
                    f"Leave out {layer}, or use the loss on probabilities.",
                    0.8,
                    _RANGE,
                    without_last_layer(event.file, [v for v in given if v.kind == "module"], layer),
                )


def _last_layer(module: Value) -> Value:
    return module.args[-1] if module.class_name == "Sequential" and module.args else module


def find_softmax_twice(trace: Trace) -> Iterator[Problem]:
    """softmax of a softmax, on at least one path through the branches before it."""
    for event in trace.events("softmax"):
        source = event.argument(0, "input")
        for leaf in alternatives(unwrap(source)) if source is not None else ():
            origin = unwrap(leaf)
            again = origin.op == "softmax" and origin.site is not None and origin.site.node is not event.node
            if again and origin.site and _can_follow(origin, event) and _same_axis(origin, event.result):
                certain = len(alternatives(unwrap(source))) == 1 if source is not None else False
                yield Problem(
                    event.site,
                    f"softmax of what already went through softmax ({origin.site}): the probabilities are nearly "
                    "uniform.",
                    "Apply softmax once.",
                    0.9 if certain else 0.7,
                    _RANGE,
                    without(event.result) if certain else (),
                    (origin.site,),
                )
                break


def _can_follow(origin: Value, event: Event) -> bool:
    """Not two arms of one `if`, as far as the lines tell."""
    site = origin.site
    if site is None or site.file is not event.file:
        return True
    for frame in event.frame.chain():
        if frame.kind == "branch" and isinstance(frame.node, ast.If):
            inside = frame.node.lineno <= site.line <= (frame.node.end_lineno or 0)
            arm = frame.node.body if frame.label == "then" else frame.node.orelse
            if inside and not any(s.lineno <= site.line <= (s.end_lineno or 0) for s in arm):
                return False
    return True


def _same_axis(one: Value, other: Value) -> bool:
    """Attention normalised over two axes in turn (Sinkhorn, dual softmax) is meant."""
    mine, theirs = one.argument(1, "dim"), other.argument(1, "dim")
    if mine is None or theirs is None:
        return True
    first, second = number(mine), number(theirs)
    return first is None or second is None or first == second or {first, second} == {-1.0, 1.0}


def find_bce_on_logits(trace: Trace) -> Iterator[Problem]:
    for event, prediction in _losses(trace, "binary_cross_entropy"):
        origin = always(prediction, *LAST_LAYER_OPS)
        if origin is not None:
            yield Problem(
                _made_at(event),
                f"binary_cross_entropy needs probabilities but gets raw outputs of a layer ({_where(origin)}).",
                "Use binary_cross_entropy_with_logits, or apply sigmoid first.",
                0.9,
                _RANGE,
                logits_loss(trace, event, origin),
                (event.site,),
            )


def _made_at(loss: Event) -> Site:
    """Where the loss is chosen: the making of its object, or the call of its function."""
    return loss.callee.site if loss.callee is not None and loss.callee.site is not None else loss.site


def find_nll_without_log_softmax(trace: Trace) -> Iterator[Problem]:
    for event, prediction in _losses(trace, "nll_loss"):
        origin = always(prediction, "softmax", *LAST_LAYER_OPS)
        if origin is not None:
            given = "softmax probabilities" if origin.op == "softmax" else "raw outputs of a layer"
            yield Problem(
                (origin.site or event.site) if origin.op == "softmax" else _made_at(event),
                f"nll_loss needs log-probabilities but gets {given} ({_where(origin)}): the loss is negative or "
                "unbounded.",
                "Apply log_softmax, or use cross_entropy on the logits.",
                0.9,
                _RANGE,
                in_log_space(trace, origin) if origin.op == "softmax" else logits_loss(trace, event, origin),
                (event.site,),
            )


def find_kl_div_of_probabilities(trace: Trace) -> Iterator[Problem]:
    for event, prediction in _losses(trace, "kl_div"):
        target = event.argument(1, "target")
        origin = always(prediction, "softmax", "sigmoid")
        settings = event.callee.kwargs if event.callee is not None else event.kwargs
        if origin is not None:
            yield Problem(
                origin.site or event.site,
                f"kl_div ({event.site}) needs its first argument as log-probabilities but gets probabilities.",
                "Give kl_div(log_softmax(student), softmax(teacher)).",
                0.95,
                "Call it on two equal distributions: the result must be 0.",
                in_log_space(trace, origin),
            )
        elif target is not None and "log_target" not in settings and always(target, "log_softmax") is not None:
            yield Problem(
                event.site,
                "kl_div gets a target in log space without log_target=True.",
                "Pass log_target=True, or give probabilities as target.",
                0.95,
                "Call it on two equal distributions: the result must be 0.",
                _told_log_target(trace, event),
            )


def _told_log_target(trace: Trace, event: Event) -> tuple[Edit, ...]:
    """The call, or the making of the loss object where no other target is given to it."""
    made = event.callee.site if event.callee is not None else event.site
    shared = sum(e.callee is event.callee for e in trace.events("kl_div")) > 1
    if made is None or not isinstance(made.node, ast.Call) or (event.callee is not None and shared):
        return ()
    return (with_keyword(made.file, made.node, "log_target", "True"),)


def find_softmax_over_batch(trace: Trace) -> Iterator[Problem]:
    """softmax over dimension 0 of the 2-D output of a linear layer: the probabilities sum to 1 over the samples."""
    for event in trace.events("softmax", "log_softmax"):
        dim = event.argument(1, "dim") if event.callee is None else event.callee.argument(0, "dim")
        source = event.argument(0, "input")
        if source is None or not is_constant(dim, 0) or source.op != "linear":
            continue
        if is_batched(source) or _has_classes_last(trace, event.result):
            yield Problem(
                event.site,
                f"{event.op} runs over dimension 0, the batch: each sample's output depends on the others in the "
                "batch.",
                "Use dim=1 (or dim=-1), the classes.",
                0.75,
                "Change one sample of a batch: the outputs of the others must stay.",
                on_last_axis(dim, event.callee.site if event.callee is not None else event.site),
            )


def _has_classes_last(trace: Trace, result: Value) -> bool:
    """Whether the program takes something over dimension 1 of the probabilities: they have a batch."""
    made = result.site.node if result.site is not None else None
    for event in trace.events("gather", "argmax", "max", "sum", "topk", "nll_loss", "cross_entropy"):
        source = unwrap(event.args[0]) if event.args else None
        over = event.op.endswith(("loss", "entropy")) or is_constant(event.argument(1, "dim"), 1)
        if source is not None and over and source.site is not None and source.site.node is made:
            return True
    return False


CHECKS = (
    Check("softmax-before-cross-entropy", "cross_entropy on outputs of softmax, sigmoid or log_softmax.",
          "cross_entropy applies log_softmax itself; applied twice it flattens the distribution and the gradient.",
          "Give cross_entropy the logits.", "model_software/double_activation",
          _CE, "error", "silent_bug", find_softmax_before_cross_entropy),
    Check("sigmoid-before-bce-with-logits", "BCEWithLogits on outputs of sigmoid.",
          "BCEWithLogits applies sigmoid itself; applied twice, outputs cannot leave 0.5 to 0.73.",
          "Give it the logits.", "model_software/double_activation",
          _BCE, "error", "silent_bug", find_sigmoid_before_logits_loss),
    Check("softmax-twice", "softmax applied to probabilities.",
          "A softmax of numbers between 0 and 1 is nearly uniform: confidence and likelihood are wrong.",
          "Apply it once.", "model_software/double_activation",
          "https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html", "warning", "silent_bug",
          find_softmax_twice),
    Check("activation-beside-loss", "A head built with an activation and with the loss that applies it.",
          "The activation is applied twice.",
          "Leave it out of the head.", "model_software/double_activation",
          _BCE, "error", "silent_bug", find_activation_beside_loss),
    Check("bce-on-logits", "BCELoss on raw outputs of a layer.",
          "BCELoss takes probabilities; outside of 0 to 1 it fails or its logarithm is clamped.",
          "Use BCEWithLogitsLoss.", "model_software/wrong_loss",
          _BCE, "error", "silent_bug", find_bce_on_logits),
    Check("nll-without-log-softmax", "NLLLoss on something other than log-probabilities.",
          "NLLLoss only picks and negates; on logits or probabilities it has no lower bound that means anything.",
          "Apply log_softmax or use CrossEntropyLoss.", "model_software/wrong_loss",
          _NLL, "error", "silent_bug", find_nll_without_log_softmax),
    Check("kl-div-probabilities", "kl_div with probabilities where log-probabilities are needed.",
          "kl_div takes its input in log space and its target in linear space unless log_target=True.",
          "kl_div(log_softmax(student), softmax(teacher), reduction='batchmean').", "model_software/wrong_loss",
          _KL, "error", "silent_bug", find_kl_div_of_probabilities),
    Check("softmax-over-batch", "softmax over the batch dimension.",
          "Probabilities must sum to 1 per sample, over the classes.",
          "Use dim=-1.", "model_software/wrong_loss",
          "https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html", "warning", "silent_bug",
          find_softmax_over_batch),
)  # fmt: skip
