"""Things of every step collected without bound: memory grows until it runs out."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.memory_containers import (
    created_within,
    is_bounded,
    is_emptied,
    is_fed_to,
    is_sampled,
    receiver_text,
    test_of,
)
from misrun.tools.code.checks.memory_values import FAQ, GROWS, LEAK, appends, is_attached_output, is_bulk
from misrun.tools.code.checks.repair_graphs import never_kept
from misrun.tools.code.checks.repair_loops import cleared_at_epoch_end, closed_at_end, hoisted, last_use
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Project
from misrun.tools.code.torch_api import DETACHING_OPS
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.training import TrainingLoop, training_loops
from misrun.tools.code.values import Value
from misrun.tools.code.walking import unparsed

_HOOKS = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook"


def find_data_kept(trace: Trace) -> Iterator[Problem]:
    """Whole tensors or arrays of every step in a list that nothing ever empties."""
    for training in training_loops(trace):
        for event, value in appends(training):
            loops = event.loops()
            if not loops or event.branches_within(training.loop) or is_bounded(event.receiver):
                continue
            if created_within(event, loops[0]) or _ends_with_data(event, loops):
                continue
            used = is_sampled(event.receiver, training.root) or is_fed_to(event.receiver, training.root)
            attached = is_attached_output(value, trace) and not event.grad_may_be_off()
            if not attached and is_bulk(value, trace) and not is_emptied(trace.project, event, loops[0]):
                yield data_kept(event, 0.6 if used else 0.8, trace.project)


def _ends_with_data(event: Event, loops: list[Frame]) -> bool:
    """A variable of a function that goes over the data once and that nothing here calls: one epoch, and it is gone."""
    calls = [f for f in event.frame.chain() if f.kind == "call"]
    node = loops[0].node
    once = len(loops) == 1 and isinstance(node, ast.For) and not unparsed(node.iter).startswith("range")
    return once and len(calls) == 1 and "." not in receiver_text(event)


def data_kept(event: Event, confidence: float, project: Project) -> Problem:
    where = receiver_text(event)
    edits = never_kept(event, where, project)
    return Problem(
        event.site,
        f"A whole tensor of every step is appended to `{where}`, which nothing empties: memory grows until the end.",
        f"Nothing reads `{where}`: do not keep it."
        if edits
        else f"Keep a number instead, every n-th one, or bound `{where}` (collections.deque(maxlen=...)).",
        confidence,
        GROWS,
        edits,
    )


def find_samples_kept(trace: Trace) -> Iterator[Problem]:
    """A data set that appends every sample it hands out to a list of its own."""
    seen: set[int] = set()
    for event in trace.events("append"):
        label = next((f.label for f in event.frame.chain() if f.kind == "call"), "")
        if label not in ("__getitem__", "__iter__", "__next__") or not event.args or id(event.node) in seen:
            continue
        seen.add(id(event.node))
        own = receiver_text(event).startswith("self.") and not is_bounded(event.receiver)
        if own and is_bulk(event.args[0], trace) and not is_emptied(trace.project, event, None):
            yield data_kept(event, 0.75, trace.project)


_CAT = names("cat concat vstack hstack numpy.concatenate numpy.vstack numpy.hstack numpy.append stack")


def find_grown_by_cat(trace: Trace) -> Iterator[Problem]:
    """`self.queue = torch.cat([self.queue, keys])` in every step, and nothing cut off."""
    for training in training_loops(trace):
        changed = [e for e in training.events if e.op.startswith("set.") and e.args]
        for event in changed:
            value, others = event.args[0], [e for e in changed if e.op == event.op and e.receiver is event.receiver]
            if value.op not in _CAT or any(e.args[0].op != value.op for e in others) or _conditional(event, training):
                continue
            if _joins_itself(event, value) and not is_emptied(trace.project, event, training.loop):
                yield _grown(event, unparsed(event.node))


def _conditional(event: Event, training: TrainingLoop) -> bool:
    return any("len(" in test_of(f.node) or "shape" in test_of(f.node) for f in event.branches_within(training.loop))


def _joins_itself(event: Event, value: Value) -> bool:
    call = value.site.node if value.site else None
    joined = unparsed(event.node)
    parts = call.args[0] if isinstance(call, ast.Call) and call.args else None
    listed = parts.elts if isinstance(parts, ast.List | ast.Tuple) else [parts] if parts is not None else []
    return any(unparsed(part) == joined for part in listed)


def _grown(event: Event, what: str) -> Problem:
    return Problem(
        event.site,
        f"`{what}` gets longer in every step and is never cut: memory and the time of a step grow with it.",
        f"Keep the last n rows only: `{what} = {what}[-n:]`.",
        0.8,
        f"Print {what}.shape at every hundredth step: it grows without bound.",
    )


_HOOKED = (
    ".register_forward_hook",
    ".register_forward_pre_hook",
    ".register_full_backward_hook",
    ".register_backward_hook",
)


def find_hooks_per_step(trace: Trace) -> Iterator[Problem]:
    """Hooks on modules registered in every step; all of them run and hold what they captured."""
    for training in training_loops(trace):
        removed = any(e.op.endswith(".remove") for e in training.events)
        for event in training.events:
            if event.op.endswith(_HOOKED) and not removed and not event.branches_within(training.loop):
                yield Problem(
                    event.site,
                    "A hook is registered on the module in every step and never removed: each step runs one more, and "
                    "what they keep is never let go.",
                    "Register it once before the loop, or call remove() on its handle in the same step.",
                    0.9,
                    "Print len(module._forward_hooks) at every step: it grows by one.",
                    hoisted(event.site),
                )


def find_step_outputs(trace: Trace) -> Iterator[Problem]:
    """Lightning: outputs collected by training_step and never cleared."""
    for root in trace.roots:
        for event in root:
            label = next((f.label for f in event.frame.chain() if f.kind == "call"), "")
            if event.op != "append" or label != "training_step" or not event.args or event.receiver is None:
                continue
            kept = event.args[0]
            if _is_number(kept) or is_emptied(trace.project, event, None) or is_bounded(event.receiver):
                continue
            yield Problem(
                event.site,
                f"training_step adds to `{receiver_text(event)}` in every step and no hook clears it.",
                "Clear it in on_train_epoch_end, and keep detached values.",
                0.8,
                GROWS,
                cleared_at_epoch_end(event, receiver_text(event)),
            )


def _is_number(value: Value) -> bool:
    return value.kind == "const" or value.op in DETACHING_OPS - {"detach", "numpy"} or value.op in ("len", "size")


def find_figures(trace: Trace) -> Iterator[Problem]:
    """Figures made in a loop by pyplot, which keeps every one until it is closed."""
    for root in trace.roots:
        done = any(e.op in _FIGURE_ENDS for e in root)
        for event in root if not done else ():
            if event.op in _FIGURES and event.loops() and any(e.op == "backward" for e in root):
                yield Problem(
                    last_use(event.site),
                    f"pyplot keeps every figure until it is closed, and the one made at {event.site} is not: each "
                    "round of the loop adds one.",
                    "plt.close(figure) after saving it.",
                    0.65,
                    "Print len(plt.get_fignums()) in every round: it grows by one.",
                    closed_at_end(event.site),
                )


_FIGURES = names("matplotlib.pyplot.figure matplotlib.pyplot.subplots")
_FIGURE_ENDS = names("matplotlib.pyplot.close matplotlib.pyplot.clf matplotlib.pyplot.show")

CHECKS = (
    Check("data-kept-every-step", "Whole tensors or arrays of every step kept in a list that is never emptied.",
          "Memory grows by as much at every step, on the host or on the device.",
          "Keep a summary, or bound the list.", LEAK, FAQ, "warning", "silent_bug", find_data_kept),
    Check("samples-kept-by-data-set", "A data set that keeps every sample it hands out.",
          "The list grows with every sample of every epoch, in each worker.",
          "Do not keep samples, or key them by their index.", LEAK,
          "https://docs.pytorch.org/docs/stable/data.html", "warning", "data_flow", find_samples_kept),
    Check("tensor-grown-by-cat", "A tensor concatenated with new rows at every step and never cut.",
          "Memory and the time of a step grow with the number of steps.",
          "Keep the last n rows.", LEAK, "https://arxiv.org/abs/1911.05722", "error", "silent_bug", find_grown_by_cat),
    Check("hook-per-step", "A module hook registered inside the training loop.",
          "Hooks stay until removed: their number, their time and what they hold grow with every step.",
          "Register hooks once, before the loop.", LEAK, _HOOKS, "error", "silent_bug", find_hooks_per_step),
    Check("step-outputs-not-cleared", "training_step collects into a list that nothing clears.",
          "The list grows over the whole training.",
          "Clear it at the end of the epoch.", LEAK,
          "https://lightning.ai/docs/pytorch/stable/upgrade/from_1_9.html", "error", "silent_bug", find_step_outputs),
    Check("figures-not-closed", "Figures made by pyplot in a loop and never closed.",
          "pyplot holds a reference to each figure and the arrays drawn in it.",
          "Close each figure.", LEAK,
          "https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.figure.html", "warning",
          "silent_bug", find_figures),
)  # fmt: skip
