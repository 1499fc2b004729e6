"""Gradient accumulation: the loss divided by the number of micro-batches that are added."""

import ast
import re
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_calls import means_the_same, node_at
from misrun.tools.code.checks.repair_syntax import atom, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.torch_api import LOSS_OPS
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import TrainingLoop, training_loops
from misrun.tools.code.values import Value, alternatives, is_constant, number
from misrun.tools.code.walking import unparsed, walk

_AMP = "https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation"


def _period(training: TrainingLoop) -> tuple[Event, ast.expr] | None:
    """The step and the k of `if (i + 1) % k == 0:` around every optimizer step of the loop, but not around backward."""
    for step in training.steps:
        for frame in step.event.branches_within(training.loop):
            period = _modulus(frame)
            if period is not None and not any(b.within(frame) for b in training.backwards):
                return step.event, period
    return None


def _modulus(frame: Frame) -> ast.expr | None:
    test = frame.node.test if isinstance(frame.node, ast.If) else None
    for node in walk(test) if test is not None else ():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return node.right
    return None


# What the loop over the micro-batches of one step is counted by.
_MICRO = re.compile(r"accum|micro|virtual_batch|grad_acc")


def _micro_batches(training: TrainingLoop, backward: Event) -> ast.expr | None:
    """The k of `for _ in range(k): ... loss.backward()` inside the loop that steps, where k counts micro-batches."""
    inner = backward.loops()[-1]
    if inner is training.loop or not isinstance(inner.node, ast.For) or any(c.within(inner) for c in training.clears):
        return None
    over = inner.node.iter
    if not isinstance(over, ast.Call) or last_name(over.func) not in ("range", "trange") or len(over.args) != 1:
        return None
    return over.args[0] if _MICRO.search(unparsed(over.args[0]).lower()) else None


def find_unscaled_accumulation(trace: Trace) -> Iterator[Problem]:
    for training in training_loops(trace):
        yield from _unscaled_inner_loop(training)
        found = _period(training)
        if found is None or training.is_managed or len(training.backwards) != 1 or len(training.steps) != 1:
            continue
        backward, (_, period) = training.backwards[0], found
        if backward.receiver is not None or backward.loops()[-1:] != [training.loop] or _scales_gradients(training):
            continue
        loss = backward.args[0]
        parts = alternatives(loss)
        if all(_is_mean_loss(part) for part in parts):
            yield _unscaled(backward, period, found[0].file)
        elif len(parts) == 1:
            yield from _wrong_divisor(backward, parts[0], period)


def _unscaled_inner_loop(training: TrainingLoop) -> Iterator[Problem]:
    if training.is_managed or len(training.backwards) != 1 or _scales_gradients(training):
        return
    backward = training.backwards[0]
    micro = _micro_batches(training, backward)
    inner = backward.loops()[-1]
    if micro is None or backward.receiver is not None or any(step.event.within(inner) for step in training.steps):
        return
    if all(_is_mean_loss(part) for part in alternatives(backward.args[0])):
        yield _unscaled(backward, micro, backward.file)


def _scales_gradients(training: TrainingLoop) -> bool:
    """Gradients divided by hand, or a learning rate that makes up for it."""
    return any(e.op in ("div_", "mul_", "augdiv", "augmul", "set.grad", "copy_") for e in training.events)


def _is_mean_loss(value: Value) -> bool:
    """A loss with mean reduction, not multiplied or divided by anything."""
    if value.op in ("scale", "mean") and value.inputs:
        return _is_mean_loss(value.inputs[0])
    if value.op not in LOSS_OPS:
        return _is_called_loss(value)
    settings = {**value.kwargs, **(value.callee.kwargs if value.callee is not None else {})}
    return "reduction" not in settings or is_constant(settings["reduction"], "mean")


def _is_called_loss(value: Value) -> bool:
    """`self.criterion(output, target)` of a loss handed in, `model(**batch).loss` and `model(**batch)[0]`: means by
    convention."""
    words = value.name.lower().rpartition(".")[2]
    made = value.inputs[0] if value.op == "element" and value.name.endswith("[0]") and value.inputs else value
    words = made.name.lower().rpartition(".")[2] if made.op in ("call", "method") else words
    called = made.op in ("call", "method") and ("criterion" in words or "loss" in words)
    read = value.op == "attr" and words == "loss" and any(v.op in ("call", "module()") for v in value.inputs)
    # The first of the outputs that a model of transformers gives for labels; the older releases give a tuple.
    first = value.op == "element" and value.name.endswith("[0]") and value.inputs[0].op == "call"
    labelled = first and bool(value.inputs[0].inputs) and "model" in value.inputs[0].name.lower()
    return called or read or labelled


def _unscaled(backward: Event, period: ast.expr, file: SourceFile) -> Problem:
    k = text_of(file, period)
    return Problem(
        backward.site,
        f"Gradients of {k} batches are added, but the loss is not divided by {k}: the step is {k} times too large.",
        f"(loss / {k}).backward()",
        0.75,
        "Compare the gradient norm before the step with and without accumulation on the same samples.",
        _divided(backward, k) if means_the_same(period, file, backward.node, backward.file) else (),
    )


def _divided(backward: Event, k: str) -> tuple[Edit, ...]:
    """`(loss / k).backward()` and `scaler.scale(loss / k).backward()`; what is logged of the loss stays as it is."""
    call = backward.node
    target = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
    if isinstance(target, ast.Call) and last_name(target.func) == "scale" and len(target.args) == 1:
        return (Edit("replace", backward.file, target.args[0], f"{atom(backward.file, target.args[0])} / {k}"),)
    if target is None:
        return ()
    return (Edit("replace", backward.file, target, f"({atom(backward.file, target)} / {k})"),)


def _wrong_divisor(backward: Event, loss: Value, period: ast.expr) -> Iterator[Problem]:
    """`loss / k` with a literal k that is not the literal number of batches accumulated."""
    current = loss.inputs[0] if loss.op == "scale" and loss.inputs else loss
    if current.op != "div" or len(current.inputs) != 2 or not isinstance(period, ast.Constant):
        return
    divisor, written = number(current.inputs[1]), node_at(current.inputs[1].site)
    own = written is not None and _is_own(current, written)
    edits = (Edit("replace", backward.file, written, str(period.value)),) if own and written is not None else ()
    if (
        divisor is not None
        and isinstance(period.value, int)
        and divisor != period.value
        and _is_mean_loss(current.inputs[0])
    ):
        yield Problem(
            current.site or backward.site,
            f"The loss is divided by {divisor:g}, but gradients of {period.value} batches are added before the step.",
            f"Divide by {period.value}.",
            0.8,
            "Compare the gradient norm before the step with and without accumulation on the same samples.",
            edits,
        )


def _is_own(division: Value, divisor: ast.AST) -> bool:
    """Whether the divisor is written in the division itself, and not a constant that others may read."""
    node = node_at(division.site)
    return isinstance(node, ast.BinOp) and node.right is divisor


def find_running_divisor(trace: Trace) -> Iterator[Problem]:
    """`n += 1; loss = loss / n; loss.backward()`: batch k of the accumulation counts 1/k."""
    for training in training_loops(trace):
        for backward in training.backwards:
            for part in alternatives(backward.args[0]):
                loss = part.inputs[0] if part.op == "scale" and part.inputs else part
                if (
                    loss.op == "div"
                    and len(loss.inputs) == 2
                    and _is_running_count(loss.inputs[1])
                    and loss.site is not None
                ):
                    yield Problem(
                        loss.site,
                        f"The loss is divided by a count that grows from batch to batch ({loss.inputs[1].site}): the "
                        "first "
                        "batch of every accumulation weighs most.",
                        "Divide by the number of batches that are accumulated before a step.",
                        0.9,
                        "Print the divisor at every backward: 1, 2, 3, ...",
                        _fixed_divisor(training, backward, loss),
                    )


def _fixed_divisor(training: TrainingLoop, backward: Event, loss: Value) -> tuple[Edit, ...]:
    """The count in the division becomes the k that the condition around the step compares the count with."""
    node = node_at(loss.site)
    written = node.right if isinstance(node, ast.BinOp) else node.value if isinstance(node, ast.AugAssign) else None
    steps = [step.event for step in training.steps]
    if written is None or len(steps) != 1 or loss.site is None or loss.site.file is not steps[0].file:
        return ()
    for frame in steps[0].branches_within(training.loop):
        test = frame.node.test if isinstance(frame.node, ast.If) and frame.label == "then" else None
        k = _compared_with(test, unparsed(written))
        if k is not None and means_the_same(k, steps[0].file, written, loss.site.file):
            return (
                Edit(
                    "replace",
                    backward.file,
                    written,
                    unparsed(k) if isinstance(k, ast.Constant) else atom(backward.file, k),
                ),
            )
    return ()


def _compared_with(test: ast.expr | None, count: str) -> ast.expr | None:
    """k of `count == k`, `count >= k` and `count % k == 0`."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left = test.left
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod) and unparsed(left.left) == count:
        is_zero = isinstance(test.ops[0], ast.Eq) and unparsed(test.comparators[0]) == "0"
        return left.right if is_zero else None
    reaches = isinstance(test.ops[0], ast.Eq | ast.GtE) and unparsed(left) == count
    return test.comparators[0] if reaches else None


def _is_running_count(value: Value) -> bool:
    """A literal that the loop raises by 1."""
    return any(
        v.op == "add" and len(v.inputs) == 2 and v.inputs[0].op == "changing" and is_constant(v.inputs[1], 1)
        for v in alternatives(value)
    )


CHECKS = (
    Check("accumulation-divisor", "A loss divided by a running count before backward.",
          "The divisor must be the same for all batches whose gradients are added.",
          "Divide by the fixed number of accumulated batches.", "optimization/accumulation_scaling",
          _AMP, "error", "silent_bug", find_running_divisor),
    Check("accumulation-not-scaled", "Accumulated gradients of losses that are not divided by their number.",
          "backward adds; the sum over k batches is k times the gradient of their mean.",
          "Divide the loss by the number of accumulated batches.", "optimization/accumulation_scaling",
          _AMP, "warning", "silent_bug", find_unscaled_accumulation),
)  # fmt: skip
