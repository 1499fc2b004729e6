"""Evaluation that needs more memory than training: graphs nobody differentiates, the whole set at once."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.loop_places import loop_head
from misrun.tools.code.checks.memory_containers import is_fed_to
from misrun.tools.code.checks.memory_values import is_attached_output
from misrun.tools.code.checks.modes import has_mode_layers, is_in_eval_mode
from misrun.tools.code.checks.repair_graphs import detached
from misrun.tools.code.checks.repair_no_grad import evaluated_in_eval_mode, without_gradients
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import training_loops
from misrun.tools.code.values import Value, ancestors, number, same
from misrun.tools.code.walking import unparsed

_NO_GRAD = "https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html"
_VERIFY = "Log torch.cuda.memory_allocated() (or the process's resident memory) during the evaluation."
_WORDS = names(
    "eval evaluate evaluation valid validate validation val test testing predict prediction infer inference dev"
)


def find_graph_kept(trace: Trace) -> Iterator[Problem]:
    """Outputs collected, with gradients on, in a loop that differentiates nothing (eval() was not even called)."""
    for root in trace.roots:
        backwards = [e for e in root if e.op == "backward"]
        for event in root if backwards else ():
            value = _kept(event)
            if value is None or event.grad_may_be_off() or not is_attached_output(value, trace):
                continue
            loop = event.loops()[-1]
            if any(b.within(loop) for b in backwards) or _is_differentiated(event, value, root):
                continue
            if not _said_by_existing(event, root):
                is_evaluation = _speaks_of_evaluation(event, loop)
                yield _graph_kept(event, 0.85 if is_evaluation else 0.6, _cured(event, root, is_evaluation))


def _cured(event: Event, root: tuple[Event, ...], is_evaluation: bool) -> tuple[Edit, ...]:
    """An evaluation without gradients and, where the model has layers that care, in eval mode; else what is kept is
    detached."""
    off = without_gradients(event.site, root) if is_evaluation else ()
    calls = [e for e in root if e.op == "module()" and e.within(event.loops()[-1]) and e.index < event.index]
    if not off or not calls or calls[0].callee is None or not has_mode_layers(calls[0].callee):
        return off or detached(event)
    mode = evaluated_in_eval_mode(calls[0], root, restore=True)
    return (*mode, *off) if mode else detached(event)


def _kept(event: Event) -> Value | None:
    if not event.loops() or event.op != "append" or not event.args:
        return None
    return event.args[0]


def _is_differentiated(event: Event, value: Value, root: tuple[Event, ...]) -> bool:
    """A rollout: the loss comes from what was collected."""
    return is_fed_to(event.receiver, root) or is_fed_to(value, root)


def _said_by_existing(event: Event, root: tuple[Event, ...]) -> bool:
    """no-grad-missing speaks where the model was put into eval mode."""
    calls = [e for e in root if e.op == "module()" and e.index < event.index and e.within(event.loops()[-1])]
    return any(is_in_eval_mode(root, call) for call in calls)


def _speaks_of_evaluation(event: Event, loop: Frame) -> bool:
    """A word of evaluation in the name of a function around it or of what the loop runs over."""
    labels = [f.label for f in event.frame.chain() if f.kind == "call"]
    node = loop.node
    over = unparsed(node.iter) if isinstance(node, ast.For) else ""
    return any(word in _WORDS for text in (*labels, over) for word in _split(text))


def _split(text: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in text.lower()).split()


def _graph_kept(event: Event, confidence: float, edits: tuple[Edit, ...]) -> Problem:
    whole = any(edit.action in ("under", "before") for edit in edits)  # the loop is at fault, not one line of it
    return Problem(
        loop_head(event) if whole else event.site,
        "Outputs of a loop without backward are kept with their autograd graphs: all its activations stay in memory.",
        "Run the loop under torch.no_grad() and keep what is needed on the host.",
        confidence,
        _VERIFY,
        edits,
    )


def find_whole_set(trace: Trace) -> Iterator[Problem]:
    """Once an epoch the model is given everything at once, beside a loop that gives it batches, with gradients on."""
    for training in training_loops(trace):
        outer = training.loop.parent
        epoch = next((f for f in outer.chain() if f.kind == "loop"), None) if outer else None
        if epoch is None:
            continue
        batched = [e for e in training.events if e.op == "module()"]
        for call in training.root:
            if _is_whole(call, epoch, training.loop, batched) and not is_fed_to(call.result, training.root):
                yield _whole(call, training.root)


# A batch, or what a network gave; and noise, which is as many rows as were asked for.
_DRAWN = names("element batch collated module() call randn_like method")
_NOISE = names("randn rand")
# Rows of noise from which on it stands for a data set (a judgement: grids of samples have up to some hundreds).
_MANY_ROWS = 1000


def _is_drawn(value: Value) -> bool:
    if value.op not in _NOISE:
        return value.op in _DRAWN
    rows = number(value.inputs[0]) if value.inputs else None
    return rows is None or rows < _MANY_ROWS


def _is_whole(call: Event, epoch: Frame, steps: Frame, batched: list[Event]) -> bool:
    """The same model, in the epoch and in no loop inside it, with gradients on."""
    if call.op != "module()" or call.grad_may_be_off() or not call.within(epoch) or call.within(steps):
        return False
    if any(f.kind == "call" and f.label == "forward" for f in call.frame.chain()):
        return False
    if call.loops()[-1] is not epoch or not any(same(call.callee, b.callee) for b in batched):
        return False
    given = call.args[0] if call.args else None
    return given is not None and not any(_is_drawn(v) for v in ancestors(given, 40))


def _whole(call: Event, root: tuple[Event, ...]) -> Problem:
    return Problem(
        call.site,
        "The whole set goes through the model in one call, with gradients on: every activation of every sample is held "
        "at once.",
        "Evaluate in batches, under torch.no_grad().",
        0.6,
        _VERIFY,
        without_gradients(call.site, root),
    )


_MODE = "memory_hardware/evaluation_memory"
CHECKS = (
    Check("graph-kept-without-backward", "Outputs collected with their graphs in a loop without backward.",
          "Nothing frees the activations: each kept output holds those of its batch.",
          "Use torch.no_grad().", _MODE, _NO_GRAD, "error", "silent_bug", find_graph_kept),
    Check("whole-set-with-gradients", "The whole evaluation set in one call of the model, with gradients on.",
          "Training holds the activations of a batch, this call those of all samples.",
          "Evaluate in batches under torch.no_grad().", _MODE, _NO_GRAD, "note", "silent_bug", find_whole_set),
)  # fmt: skip
