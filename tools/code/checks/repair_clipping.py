"""Repairs of gradient clipping: unscaled first, between backward and step, or put in where it is missing."""

import ast

from misrun.tools.code.checks.repair_calls import library_name
from misrun.tools.code.checks.repair_syntax import around, block_of, function_of, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event
from misrun.tools.code.training import TrainingLoop, parameters_of
from misrun.tools.code.walking import walk


def unscaled_first(clip: Event, step: Event, unscales: list[Event]) -> tuple[Edit, ...]:
    """`scaler.unscale_(optimizer)` before the clip; where the scaler is used under a condition, under the same one."""
    call, place = step.node, statement_of(clip.file, clip.node)
    if clip.file is not step.file or place is None or not isinstance(call, ast.Call) or not call.args:
        return ()
    if not isinstance(call.func, ast.Attribute) or len(unscales) > 1:
        return ()
    if function_of(clip.file, clip.node) is not function_of(step.file, step.node):
        return ()
    text = f"{text_of(step.file, call.func.value)}.unscale_({text_of(step.file, call.args[0])})"
    conditions = _conditions(step, clip)
    if conditions is None:
        return ()
    for test in conditions:
        text = f"if {test}:\n" + "\n".join(f"    {line}" for line in text.split("\n"))
    late = tuple(Edit("delete", e.file, e.node) for e in unscales)
    return (Edit("before", clip.file, place, text), *late)


def _conditions(step: Event, clip: Event) -> list[str] | None:
    """The tests around the step and not around the clip, innermost first; None for an else or another construct."""
    shared = {id(n) for n in around(clip.file, clip.node)}
    found = []
    inner: ast.AST = step.node
    for node in around(step.file, step.node):
        if id(node) in shared:
            break
        if isinstance(node, ast.If):
            if not any(n is inner for s in node.body for n in walk(s)):
                return None
            found.append(text_of(step.file, node.test))
        elif isinstance(node, ast.For | ast.While | ast.Try | ast.With):
            return None
        inner = node
    return found


def between(clip: Event, step: Event) -> tuple[Edit, ...]:
    """The whole statement of the clip before the step; gradients of a GradScaler are unscaled before it."""
    statement, place = statement_of(clip.file, clip.node), statement_of(step.file, step.node)
    if clip.file is not step.file or statement is None or place is None or isinstance(statement, ast.Return):
        return ()
    if hasattr(statement, "body") or place not in block_of(clip.file, statement):
        return ()
    text = text_of(clip.file, statement)
    if step.op == "scaler.step" and isinstance(step.node, ast.Call) and isinstance(step.node.func, ast.Attribute):
        scaler, given = text_of(step.file, step.node.func.value), text_of(step.file, step.node.args[0])
        text = f"{scaler}.unscale_({given})\n{text}"
    return (Edit("delete", clip.file, statement), Edit("before", step.file, place, text))


def clipped_before_step(training: TrainingLoop) -> tuple[Edit, ...]:
    """`clip_grad_norm_(..., 1.0)` before the step: the norm that Transformer and RNN recipes start from.

    1.0 is the default `max_grad_norm` of transformers' TrainingArguments.
    """
    steps = [step.event for step in training.steps]
    place = statement_of(steps[0].file, steps[0].node) if len(steps) == 1 else None
    call = steps[0].node if place is not None else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or steps[0].op == "scaler.step":
        return ()
    if place is None or hasattr(place, "body"):
        return ()
    given = _parameters_text(steps[0], training)
    torch, needed = library_name(steps[0].file, "torch")
    text = f"{torch}.nn.utils.clip_grad_norm_({given}, 1.0)"
    return (Edit("before", steps[0].file, place, text), *needed)


def _parameters_text(step: Event, training: TrainingLoop) -> str:
    """`model.parameters()` where the function of the step calls one model and the optimizer holds no other, else what
    it holds."""
    function = function_of(step.file, step.node)
    models = {
        text_of(e.file, e.node.func)
        for e in training.events
        if e.op in ("module()", "rnn")
        and isinstance(e.node, ast.Call)
        and isinstance(e.node.func, ast.Name | ast.Attribute)
        and e.file is step.file
        and function_of(e.file, e.node) is function
    }
    parts = parameters_of(training.steps[0].optimizer)
    if len(models) == 1 and len(parts) < 2:
        return f"{models.pop()}.parameters()"
    held = text_of(step.file, step.node.func.value) if isinstance(step.node, ast.Call) and isinstance(
        step.node.func, ast.Attribute) else "optimizer"  # fmt: skip
    return f'[p for group in {held}.param_groups for p in group["params"]]'
