"""zero_grad, backward and step: present, for the right parameters, in an order that trains."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_places import belongs, same_scope
from misrun.tools.code.checks.repair_syntax import is_in_reach, moved, statement_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Frame, Trace, compatible
from misrun.tools.code.training import (
    Step,
    TrainingLoop,
    clears_for,
    clears_gradients,
    escapes,
    looks_like_optimizer,
    parameters_of,
    training_loops,
)
from misrun.tools.code.values import Value, alternatives, ancestors, same
from misrun.tools.code.walking import unparsed, walk

_GUIDE = "https://docs.pytorch.org/docs/stable/optim.html#taking-an-optimization-step"
_VERIFY_NORM = "Print the gradient norm before every step: it must not grow with the step number on the same batch."


def _name(value: Value) -> str:
    return value.name or value.class_name or "the optimizer"


def _source_of(node: ast.AST | None) -> str | None:
    """The text `optimizer` in `optimizer.step()`, for patches."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        target = node.args[0] if node.args else node.func.value
        return unparsed(target)
    return None


def find_missing_zero_grad(trace: Trace) -> Iterator[Problem]:
    for training in training_loops(trace):
        if training.is_managed or not training.steps:
            continue
        for step in _one_per_optimizer(training):
            if not _feeds(training, step):
                continue
            clears = [c for c in training.clears if clears_for(c, step.optimizer)]
            if clears or escapes(step.optimizer, training.events) or _computes_gradients_directly(training):
                continue
            yield _missing_zero_grad(training, step)


def _one_per_optimizer(training: TrainingLoop) -> Iterator[Step]:
    seen: list[Value] = []
    for step in training.steps:
        if not any(same(step.optimizer, s) for s in seen):
            seen.append(step.optimizer)
            yield step


def _feeds(training: TrainingLoop, step: Step) -> bool:
    """Whether a backward of the loop comes with the step: in the same pass and not behind another loop's end."""
    return any(compatible(b, step.event) for b in training.backwards)


def _computes_gradients_directly(training: TrainingLoop) -> bool:
    return any(e.op == "torch.autograd.grad" for e in training.events)


def _missing_zero_grad(training: TrainingLoop, step: Step) -> Problem:
    backward = training.backwards[0]
    others = [c for c in training.clears if c.op.endswith(".zero_grad")]
    outside = [c for c in training.root if clears_gradients(c) and clears_for(c, step.optimizer)]
    name = _name(step.optimizer)
    message = f"Gradients of {name} are never cleared in the loop at line {training.loop.node.lineno}"  # type: ignore[attr-defined]
    if others:
        message += f"; zero_grad is called on {_name(others[0].receiver or Value())} at {others[0].site} instead"
    elif outside:
        message += f" (zero_grad at {outside[0].site} runs outside of it)"
    message += ": every step uses the sum of all gradients so far."
    target = _source_of(step.event.node)
    return Problem(
        step.event.site if others else backward.site,
        message,
        f"{target or name}.zero_grad() once per optimizer step, before backward.",
        0.95 if step.is_known else 0.85,
        _VERIFY_NORM,
        _cleared_before(training, step, target),
    )


def _cleared_before(training: TrainingLoop, step: Step, target: str | None) -> tuple[Edit, ...]:
    """zero_grad before the first of the backwards that this step uses: those since the step before it."""
    earlier = [s.event.index for s in training.steps if s.event.index < step.event.index]
    since = max(earlier, default=-1)
    used = [b for b in training.backwards if since < b.index < step.event.index and compatible(b, step.event)]
    if target is None or not used or not isinstance(step.event.node, ast.Call):
        return ()
    first = used[0]
    reached = belongs(first.file, step.event.node) and same_scope(first.file, first.node, step.event.node)
    reached = reached or (target.startswith("self.") and is_in_reach(first.file, target, first.node))
    whole = first.loops()[-1:] == step.event.loops()[-1:]
    return (Edit("before", first.file, first.node, f"{target}.zero_grad()"),) if reached and whole else ()


def _same_call(one: Event, other: Event) -> bool:
    """Whether both events are written in the same function body."""
    mine = next(f for f in one.frame.chain() if f.kind in ("call", "root"))
    return other.within(mine) and mine is next(f for f in other.frame.chain() if f.kind in ("call", "root"))


def _cycle(training: TrainingLoop, step: Step) -> list[tuple[str, Event]]:
    """The clears, backwards and steps that concern one optimizer and happen in every pass together with its step."""
    found = []
    for event in training.events:
        if not compatible(event, step.event):
            continue
        if event.op == "backward" and _concerns(event, step, training):
            found.append(("backward", event))
        elif event is step.event:
            found.append(("step", event))
        elif clears_gradients(event) and _surely_clears(event, step.optimizer):
            found.append(("clear", event))
    return found


def _concerns(backward: Event, step: Step, training: TrainingLoop) -> bool:
    """Not where the loss comes from the parameters of another optimizer of the loop and from none of this one."""
    if len({id(s.optimizer) for s in training.steps}) < 2:
        return True
    parts = {id(p) for v in ancestors(backward.args[0], 400) for p in (v, v.callee) if p is not None}
    others = [m for s in training.steps if s.optimizer is not step.optimizer for m in _owners(s.optimizer)]
    mine = _owners(step.optimizer)
    reached = any(id(m) in parts for m in mine) or not mine
    return reached or not any(id(m) in parts for m in others)


def _owners(optimizer: Value) -> list[Value]:
    """What `.parameters()` was called on for the optimizer, modules that are not seen too."""
    first = [v for leaf in alternatives(optimizer) if (v := leaf.argument(0, "params")) is not None]
    held = [v.inputs[0] for f in first for v in ancestors(f, 20) if v.kind == "params" and v.inputs]
    return held + parameters_of(optimizer)


def _surely_clears(event: Event, optimizer: Value) -> bool:
    target = event.receiver
    if target is None or not event.op.endswith(".zero_grad"):
        return False
    return same(target, optimizer) or any(same(target, m) for m in _owners(optimizer))


def _wiped_steps(trace: Trace) -> Iterator[tuple[TrainingLoop, Step, Event, list[tuple[str, Event]]]]:
    """Steps before which, in every pass, the last thing done to the gradients was to clear them."""
    for training in training_loops(trace):
        if training.is_managed or _computes_gradients_directly(training):
            continue
        for step in training.steps:
            cycle = _cycle(training, step)
            at = next((i for i, (kind, _) in enumerate(cycle) if kind == "step"), None)
            if at is None or not any(kind == "backward" for kind, _ in cycle):
                continue
            kind, event = cycle[at - 1]  # index -1 is the end of the previous pass
            conditional = set(map(id, event.branches_within(training.loop))) - set(
                map(id, step.event.branches_within(training.loop))
            )
            if kind == "clear" and not conditional and not escapes(step.optimizer, training.events):
                yield training, step, event, cycle


def find_misplaced_zero_grad(trace: Trace) -> Iterator[Problem]:
    for _training, step, clear, cycle in _wiped_steps(trace):
        backward = [e for kind, e in cycle if kind == "backward" and e.index < clear.index < step.event.index]
        if not backward:
            continue
        movable = _same_call(backward[-1], clear) and clear.file is backward[-1].file
        edits = (
            Edit("delete", clear.file, clear.node),
            Edit("before", clear.file, backward[-1].node, unparsed(clear.node)),
        )
        yield Problem(
            clear.site,
            f"zero_grad runs between backward ({backward[-1].site}) and step ({step.event.site}): "
            "the step sees no gradients and nothing is learned.",
            "Clear the gradients before backward or after step.",
            0.95,
            "Print the gradient norm just before step: it is 0 or None.",
            edits if movable and isinstance(clear.node, ast.Call) else (),
        )


def find_step_before_backward(trace: Trace) -> Iterator[Problem]:
    for training, step, clear, cycle in _wiped_steps(trace):
        later = [e for kind, e in cycle if kind == "backward" and e.index > step.event.index]
        earlier = [e for kind, e in cycle if kind == "backward" and e.index < step.event.index]
        if (
            earlier
            or not later
            or clear.loops()[-1:] != step.event.loops()[-1:]
            or training.loop not in later[0].loops()[-1:]
        ):
            continue
        movable = _same_call(later[-1], step.event) and step.event.file is later[-1].file
        edits = (
            Edit("delete", step.event.file, step.event.node),
            Edit("after", step.event.file, later[-1].node, unparsed(step.event.node)),
        )
        yield Problem(
            step.event.site,
            f"The optimizer steps before backward ({later[0].site}) has run, on gradients that were just cleared.",
            "zero_grad, forward, backward, then step.",
            0.95,
            "Compare a parameter before and after ten steps: it does not change.",
            edits if movable else (),
        )


def find_cleared_accumulation(trace: Trace) -> Iterator[Problem]:
    """The step waits for every k-th pass, and the gradients are cleared in each: only the last pass counts."""
    for training in training_loops(trace):
        if training.is_managed:
            continue
        for step in training.steps:
            waits = [b for b in step.event.branches_within(training.loop) if _counts_passes(b)]
            clear = next((c for c in training.clears if _surely_clears(c, step.optimizer)), None) if waits else None
            if clear is None or not _in_every_pass(clear, training) or _has_pending(training):
                continue
            if all(_in_every_pass(b, training) for b in training.backwards):
                yield Problem(
                    clear.site,
                    f"The gradients are cleared in every pass, and the step ({step.event.site}) waits for several: of "
                    "the passes in between, only the last one counts.",
                    "Clear the gradients where the step is, after it.",
                    0.9,
                    "Print the gradient norm before the step for one and for several passes on the same batch.",
                    _cleared_after(clear, step),
                    related=(step.event.site,),
                )
                break


def _cleared_after(clear: Event, step: Step) -> tuple[Edit, ...]:
    """The clearing moved below the step, into its branch."""
    statement, place = statement_of(clear.file, clear.node), statement_of(step.event.file, step.event.node)
    if not isinstance(statement, ast.Expr) or place is None or not belongs(clear.file, place):
        return ()
    return moved(clear.file, statement, "after", place) if same_scope(clear.file, statement, place) else ()


def find_clearing_behind_accelerate(trace: Trace) -> Iterator[Problem]:
    """`with accelerator.accumulate(model)`: the prepared optimizer's zero_grad waits, that of the model does not."""
    steps = [s for training in training_loops(trace) for s in training.steps]
    for event in trace.events():
        target = event.receiver
        if not event.op.endswith(".zero_grad") or target is None or looks_like_optimizer(target):
            continue
        if any(f.kind == "with" and f.label == "accumulate" for f in event.frame.chain()):
            yield Problem(
                event.site,
                "Inside accumulate(), only the prepared optimizer knows in which passes gradients must stay: zero_grad "
                "of the model clears them in every pass, and only the last one counts.",
                "optimizer.zero_grad() of the prepared optimizer.",
                0.9,
                "Print the gradient norm before the step for one and for several passes on the same batch.",
                _of_stepped(event, steps),
            )


def _of_stepped(clear: Event, steps: list[Step]) -> tuple[Edit, ...]:
    """zero_grad of the one optimizer that is stepped beside it."""
    beside = {
        _source_of(s.event.node)
        for s in steps
        if belongs(clear.file, s.event.node) and same_scope(clear.file, clear.node, s.event.node)
    }
    target = beside.pop() if len(beside) == 1 else None
    if target is None or not isinstance(clear.node, ast.Call):
        return ()
    return (Edit("replace", clear.file, clear.node.func, f"{target}.zero_grad"),)


def _counts_passes(branch: Frame) -> bool:
    """A test on the remainder of a counter."""
    test = branch.node.test if isinstance(branch.node, ast.If) else None
    return branch.label == "then" and test is not None and any(isinstance(n, ast.Mod) for n in walk(test))


def _in_every_pass(event: Event, training: TrainingLoop) -> bool:
    return event.loops()[-1:] == [training.loop] and not event.branches_within(training.loop)


def _has_pending(training: TrainingLoop) -> bool:
    """An engine that knows of the accumulation (`accelerator.accumulate`) makes clearing and stepping conditional."""
    return any(f.kind == "with" and "accumulate" in f.label for e in training.backwards for f in e.frame.chain())


def find_missing_step(trace: Trace) -> Iterator[Problem]:
    stepped = [event for root in trace.roots for event in _all_steps(root)]
    for training in training_loops(trace):
        if training.is_managed or training.steps:
            continue
        clears = [c for c in training.clears if c.op == "optimizer.zero_grad" and c.receiver is not None]
        for clear in clears[:1]:
            optimizer = clear.receiver
            if optimizer is None or any(_may_step(e, optimizer, training) for e in stepped):
                continue
            if any(escapes(optimizer, root) for root in trace.roots) or _passes_through(training):
                continue
            backward = training.backwards[-1]
            target = unparsed(clear.node.func.value) if isinstance(clear.node, ast.Call) and isinstance(
                clear.node.func, ast.Attribute) else None  # fmt: skip
            reached = is_in_reach(backward.file, target, backward.node) if target is not None else False
            same_body = target is not None and (_same_call(backward, clear) or reached)
            yield Problem(
                backward.site,
                f"Gradients are computed and cleared (line {clear.line}) but {_name(optimizer)} never takes a step.",
                f"{target or 'optimizer'}.step() after backward.",
                0.9,
                "Compare a parameter before and after ten steps: it does not change.",
                (Edit("after", backward.file, backward.node, f"{target}.step()"),) if same_body else (),
            )


def _may_step(event: Event, optimizer: Value, training: TrainingLoop) -> bool:
    """A step of this optimizer anywhere; in the same program also one of something unknown."""
    if event.op == "optimizer.step":
        return same(event.receiver, optimizer)
    return any(same(a, optimizer) for a in event.args) or event in training.root


def _all_steps(root: tuple[Event, ...]) -> list[Event]:
    return [e for e in root if e.op.endswith((".step", "optimizer_step")) and "scheduler" not in e.op]


def _passes_through(training: TrainingLoop) -> bool:
    """Whether parameters are updated by hand (`p.data -= lr * p.grad`, `p.sub_`, `p.add_`)."""
    return any(e.op in ("sub_", "add_", "augsub", "copy_", "set.data") for e in training.events)


CHECKS = (
    Check("zero-grad-missing", "A training loop that steps without clearing the gradients.",
          "backward adds to .grad; without clearing, every step uses the sum of all earlier gradients.",
          "Call optimizer.zero_grad() once per step, before backward.", "model_software/step_order",
          _GUIDE, "error", "silent_bug", find_missing_zero_grad),
    Check("zero-grad-misplaced", "zero_grad between backward and step.",
          "The gradients just computed are cleared before the step can use them.",
          "Move zero_grad before backward or after step.", "model_software/step_order",
          _GUIDE, "error", "silent_bug", find_misplaced_zero_grad),
    Check("step-before-backward", "An optimizer step on gradients that were just cleared, before backward.",
          "The step has nothing to apply; the gradients computed afterwards are cleared in the next pass.",
          "Order: zero_grad, forward, backward, step.", "model_software/step_order",
          _GUIDE, "error", "silent_bug", find_step_before_backward),
    Check("accumulation-cleared", "Gradients cleared in every pass while the step waits for several.",
          "Accumulation sums gradients between two steps; clearing in between throws all but the last away.",
          "Clear after the step only.", "model_software/step_order",
          _GUIDE, "error", "silent_bug", find_cleared_accumulation),
    Check("accumulation-cleared-by-model", "zero_grad of the model inside accelerator.accumulate().",
          "Accelerate makes only the prepared optimizer's zero_grad wait for the last pass.",
          "Call zero_grad on the optimizer.", "model_software/step_order",
          "https://huggingface.co/docs/accelerate/usage_guides/gradient_accumulation", "error", "silent_bug",
          find_clearing_behind_accelerate),
    Check("step-missing", "Gradients are computed and cleared, but no optimizer ever steps.",
          "Without step the parameters never change.",
          "Call optimizer.step() after backward.", "model_software/step_order",
          _GUIDE, "error", "silent_bug", find_missing_step),
)  # fmt: skip
