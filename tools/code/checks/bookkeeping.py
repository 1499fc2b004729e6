"""Sums and averages that the program reports: started anew where they should be, divided as they should be."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Class, Function
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.values import Site, Value, ancestors, number

_DOCS = "https://docs.pytorch.org/tutorials/beginner/introyt/trainingyt.html"
_TRAINER = "https://huggingface.co/blog/gradient_accumulation"
# Sums over the whole run are meant to grow.
_LIFELONG = names("step steps iter iters iteration count global seen tokens time elapsed total_steps updates frames")


def find_sum_not_reset(trace: Trace) -> Iterator[Problem]:
    """`total = 0` before the epochs, `total += ...` per batch, `total / len(loader)` per epoch."""
    for root in trace.roots:
        sums = [e for e in root if e.op == "augadd" and len(e.loops()) >= 2 and _starts_at_zero(e)]
        for division in root if sums else ():
            if division.op != "div" or not division.loops():
                continue
            for event in sums:
                if _is_epoch_average(division, event):
                    yield Problem(
                        event.site,
                        f"The sum starts at 0 only once, before the loop over epochs, and is averaged in every epoch "
                        f"({division.site}): from the second epoch on, it holds all earlier epochs too.",
                        "Set it to 0 at the start of every epoch.",
                        0.85,
                        "Print it at the start of every epoch: it must be 0.",
                        related=(division.site,),
                    )
                    break


def _starts_at_zero(event: Event) -> bool:
    """The summed variable is a literal 0 set outside of the two innermost loops, and named like a metric."""
    node = event.node
    target = ast.unparse(node.target) if isinstance(node, ast.AugAssign) else ""
    old = event.args[0]
    zero = old.inputs[0] if old.op == "changing" and old.inputs else None
    if (
        zero is None
        or number(zero) != 0
        or zero.site is None
        or _LIFELONG & set(target.lower().replace(".", "_").split("_"))
    ):
        return False
    if _called_between(event):
        return False  # a variable of a function that is called in every epoch
    epochs = event.loops()[-2].node
    before = zero.site.file is event.file and zero.site.line < int(getattr(epochs, "lineno", 0))
    return before and not any(
        isinstance(n, ast.Assign) and target in map(ast.unparse, n.targets) for n in ast.walk(epochs)
    )


def _called_between(event: Event) -> bool:
    """Whether a call lies between the event and the epoch loop."""
    epochs = event.loops()[-2]
    for frame in event.frame.chain():
        if frame is epochs:
            return False
        if frame.kind == "call":
            return True
    return True


def _is_epoch_average(division: Event, event: Event) -> bool:
    """Whether the sum is divided by a length inside the epoch loop, after the batch loop has ended."""
    epochs, batches = event.loops()[-2:]
    if not division.within(epochs) or division.within(batches) or division.index < event.index:
        return False
    return any(v is event.result for v in ancestors(division.args[0], 6)) and _is_length(division.args[1], batches)


def _is_length(value: Value, batches: Frame) -> bool:
    """len() of what the batch loop runs over."""
    return value.op == "len" and any(v is batches.value or v in _sources(batches.value) for v in value.inputs)


def _sources(value: Value | None) -> list[Value]:
    return list(ancestors(value, 12)) if value is not None else []


def find_unscaled_trainer_loss(trace: Trace) -> Iterator[Problem]:
    """A Trainer's compute_loss that takes num_items_in_batch and never looks at it."""
    for owner in trace.project.classes.values():
        method = owner.methods.get("compute_loss")
        if method is None or not _derives_from_trainer(owner) or isinstance(method.node, ast.Lambda):
            continue
        if _ignores_count(method) and "model_accepts_loss_kwargs" not in _attributes(owner):
            yield Problem(
                Site(method.file, method.node),
                "compute_loss ignores num_items_in_batch: for models that take loss arguments, the Trainer then does "
                "not divide by gradient_accumulation_steps, and the loss and gradients are too large by that factor.",
                "Set self.model_accepts_loss_kwargs = False, or divide the summed loss by num_items_in_batch.",
                0.7,
                "Compare loss and gradient norm with gradient_accumulation_steps=1 and =4 on the same samples.",
            )


def _derives_from_trainer(owner: Class) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] in ("Trainer", "Seq2SeqTrainer") for base in owner.node.bases)


def _ignores_count(method: Function) -> bool:
    arguments = [a.arg for a in (*method.node.args.args, *method.node.args.kwonlyargs)]
    body = [] if isinstance(method.node, ast.Lambda) else method.node.body
    nodes = [n for s in body for n in ast.walk(s)]
    read = any(isinstance(n, ast.Name) and n.id == "num_items_in_batch" for n in nodes)
    delegates = any(isinstance(n, ast.Attribute) and n.attr == "compute_loss" for n in nodes)
    return "num_items_in_batch" in arguments and not read and not delegates


def _attributes(owner: Class) -> set[str]:
    return {n.attr for n in ast.walk(owner.node) if isinstance(n, ast.Attribute)}


CHECKS = (
    Check("sum-not-reset", "A per-epoch average of a sum that is never set back to 0.",
          "The average grows from epoch to epoch and says nothing about the last one.",
          "Reset it at the start of every epoch.", "model_software/evaluation_error",
          _DOCS, "warning", "data_flow", find_sum_not_reset),
    Check("trainer-loss-not-scaled", "A Trainer subclass whose loss ignores num_items_in_batch.",
          "Since transformers 4.46, the Trainer leaves the division to the loss of models that accept loss arguments.",
          "Set model_accepts_loss_kwargs to False or use the count.", "optimization/accumulation_scaling",
          _TRAINER, "warning", "silent_bug", find_unscaled_trainer_loss),
)  # fmt: skip
