"""Evaluation passes that run the model as in training, whatever selects them."""

from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.modes import has_mode_layers, mode_set_by
from misrun.tools.code.checks.repair_phases import switched
from misrun.tools.code.gradients import differentiated
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.torch_api import LOSS_OPS
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import contains, steps_in
from misrun.tools.code.values import Value, alternatives, ancestors, same

_EVAL = "https://docs.pytorch.org/docs/stable/notes/autograd.html#evaluation-mode-nn-module-eval"
_SCORES = LOSS_OPS | names("argmax compare eq max topk sigmoid softmax")


def find_evaluation_in_train_mode(trace: Trace) -> Iterator[Problem]:
    """One function for both phases, chosen by a flag; a whole held-out set scored after the batches of an epoch."""
    for root, values in differentiated(trace):
        reached = {id(v) for v in values}
        calls = [e for e in root if e.op == "module()" and e.callee is not None and _is_top(e)]
        trained = [e for e in calls if id(e.result) in reached]
        switches = [e for e in root if mode_set_by(e) is not None]
        for call in calls:
            if (
                id(call.result) not in reached
                and _is_evaluation(call, trained, root)
                and _in_train_mode(call, switches)
            ):
                shared = any(e.node is call.node for e in trained)
                yield _problem(call, switched(call, root, _own_loop(call, trained), shared))


def _is_top(event: Event) -> bool:
    """A call of the whole model, which is not told its mode in an argument (`is_eval=True`)."""
    told = any("eval" in name or "train" in name for name in event.kwargs)
    return not told and not any(f.kind == "call" and f.label in ("forward", "__init__") for f in event.frame.chain())


def _is_evaluation(call: Event, trained: list[Event], root: tuple[Event, ...]) -> bool:
    """A scored pass of a trained model with mode layers: over other data, outside of the loop that trains."""
    model = call.callee
    mine = [e for e in trained if same(e.callee, model)]
    if model is None or not mine or not has_mode_layers(model) or _is_checked_by_others(call, mine):
        return False
    own = _own_loop(call, mine)
    if own is not None and any(s.event.within(own) for s in steps_in(root)):
        return False
    return own is not None or ((call.grad_is_off() and _after_training(call, mine)) and _is_scored(call, root))


def _is_checked_by_others(call: Event, mine: list[Event]) -> bool:
    """`eval-mode-missing` looks at loops under no_grad. A line that serves both phases is looked at here."""
    shared = any(e.node is call.node for e in mine)
    return not shared and call.grad_is_off() and _own_loop(call, mine) is not None


def _own_loop(call: Event, mine: list[Event]) -> Frame | None:
    """The outermost loop around the call that holds no training call."""
    return next((loop for loop in call.loops() if not any(e.within(loop) for e in mine)), None)


def _after_training(call: Event, mine: list[Event]) -> bool:
    """In the same epoch loop, after all training calls and on other data."""
    if not call.loops() or not all(e.index < call.index and e.within(call.loops()[0]) for e in mine):
        return False
    given = call.args[0] if call.args else None
    return given is not None and not any(same(given, e.args[0]) for e in mine if e.args)


def _is_scored(call: Event, root: tuple[Event, ...]) -> bool:
    """Its output gets into a loss or a comparison with labels."""
    return any(
        e.op in _SCORES and any(v is call.result for a in e.args[:2] for v in ancestors(a, 12))
        for e in root
        if e.index > call.index
    )


def _in_train_mode(call: Event, switches: list[Event]) -> bool:
    """Whether no switch before the call, or around it in the same loop, can have put the model in eval mode."""
    return not any(mode_set_by(s) in ("eval", "either") and _may_hold(s.receiver, call.callee) for s in switches)


def _may_hold(target: Value | None, model: Value | None) -> bool:
    if target is None or model is None or target.kind != "module":
        return True
    return same(target, model) or any(contains(t, m) for t in alternatives(target) for m in alternatives(model))


def _problem(call: Event, edits: tuple[Edit, ...]) -> Problem:
    grad = "" if call.grad_is_off() else ", and a graph is built for every batch"
    return Problem(
        call.site,
        "A pass without an optimizer step runs the model in train mode: dropout is active, batch norm uses (and "
        f"updates) the statistics of this data{grad}. The score is not that of the trained model.",
        "model.eval() and torch.no_grad() around the evaluation, model.train() before training goes on.",
        0.8,
        "Print model.training in this pass; evaluate twice: the results differ.",
        edits,
    )


CHECKS = (
    Check("evaluation-in-train-mode", "A scored pass without optimizer step in a program that never calls eval().",
          "Dropout stays active and batch norm mixes in the statistics of the evaluation batches.",
          "Switch with model.train(is_training) and torch.set_grad_enabled(is_training).",
          "model_software/train_eval_mode", _EVAL, "error", "silent_bug", find_evaluation_in_train_mode),
)  # fmt: skip
