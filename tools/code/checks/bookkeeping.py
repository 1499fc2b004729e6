"""Sums and averages that the program reports: started anew where they should be, divided as they should be."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_bookkeeping import (
    added,
    by_samples,
    reset_every_epoch,
    told_not_to_count,
)
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Class, Function
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.values import Site, Value, ancestors, number
from misrun.tools.code.walking import children, unparsed, walk

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
                        _epoch_header(event),
                        f"The sum of {event.site} starts at 0 only once, before the loop over epochs, and is averaged "
                        f"in every epoch ({division.site}): from the second epoch on, it holds all earlier epochs too.",
                        "Set it to 0 at the start of every epoch.",
                        0.85,
                        "Print it at the start of every epoch: it must be 0.",
                        reset_every_epoch(event, event.args[0].inputs[0]),
                        (division.site,),
                    )
                    break


def _epoch_header(event: Event) -> Site:
    """The first line of the loop over epochs: where the sum has to be set to 0."""
    epochs = event.loops()[-2].node
    header = epochs.target if isinstance(epochs, ast.For) else getattr(epochs, "test", epochs)
    return Site(event.file, header)


def _starts_at_zero(event: Event) -> bool:
    """The summed variable is a literal 0 set outside of the two innermost loops, and named like a metric."""
    node = event.node
    target = unparsed(node.target) if isinstance(node, ast.AugAssign) else ""
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
    return before and not any(isinstance(n, ast.Assign) and target in map(ast.unparse, n.targets) for n in walk(epochs))


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


def find_overwritten_count(trace: Trace) -> Iterator[Problem]:
    """`correct = 0` before the loop, `correct = ...` in it, `correct / total` after it, where total is summed up."""
    for file in trace.project.files:
        for scope in walk(file.tree):
            if isinstance(scope, ast.Module | ast.FunctionDef):
                yield from _overwritten_in(file, scope)


def _overwritten_in(file: SourceFile, scope: ast.Module | ast.FunctionDef) -> Iterator[Problem]:
    own = [n for n in _own_nodes(scope) if isinstance(n, ast.stmt)]
    for loop in own:
        if isinstance(loop, ast.For):
            first, last = loop.lineno, loop.end_lineno or loop.lineno
            before = [s for s in own if s.lineno < first]
            after = [s for s in own if s.lineno > last]
            yield from _overwritten(file, before, loop, after)


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions in it."""
    stack = list(children(scope))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(children(node))


def _overwritten(file: SourceFile, before: list[ast.stmt], loop: ast.For, after: list[ast.stmt]) -> Iterator[Problem]:
    zero = {name for s in before if isinstance(s, ast.Assign) for name in _set_to_zero(s)}
    summed = {n.target.id for n in walk(loop) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    for statement in loop.body if zero & summed else ():
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if not isinstance(target, ast.Name) or target.id not in zero - summed:
            continue
        used = any(_divides(n, target.id) for s in after for n in walk(s))
        if used and _reads_of(loop, target.id) == 0:
            yield Problem(
                Site(file, statement),
                f"`{target.id}` starts at 0, is overwritten in every pass, and is divided by a total after the loop: "
                "only the last batch counts.",
                f"`{target.id} += ...`",
                0.9,
                "Evaluate with a batch size of 1: a correct metric does not change.",
                added(file, statement) if isinstance(statement, ast.Assign) else (),
            )


def _set_to_zero(node: ast.Assign) -> Iterator[str]:
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(target.elts, node.value.elts, strict=False))
        else:
            pairs = [(target, node.value)]
        for name, value in pairs:
            if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and value.value == 0:
                yield name.id


def _divides(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return False
    return any(isinstance(n, ast.Name) and n.id == name for n in walk(node.left))


def _reads_of(loop: ast.For, name: str) -> int:
    return sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in walk(loop))


def find_count_by_batches(trace: Trace) -> Iterator[Problem]:
    """`correct += (pred == y).sum()` and then `correct / len(loader)`: a count of samples over a count of batches."""
    for root in trace.roots:
        counts = [e for e in root if e.op == "augadd" and e.loops() and _counts_samples(e.args[1])]
        for division in root if counts else ():
            if division.op != "div" or division.args[1].op != "len":
                continue
            loop = next((e.loops()[-1].value for e in counts if _sums_up(division.args[0], e)), None)
            measured = division.args[1].inputs[:1]
            if loop is None or not measured or not _runs_over(loop, measured[0]) or _is_by_sample(measured[0]):
                continue
            yield Problem(
                division.site,
                "A count of samples is divided by the number of batches: the share is too large by the batch size.",
                "Divide by len(loader.dataset), or by a count of the samples that were seen.",
                0.9,
                "An accuracy above 1 (100 %) shows it at once; evaluate with a batch size of 1.",
                by_samples(division, counts, measured[0]),
            )


def _runs_over(loop: Value, loader: Value) -> bool:
    """`for batch in loader`, `for i, batch in enumerate(loader)`."""
    return loop is loader or (loop.op == "enumerate" and loop.inputs[:1] == (loader,))


def _counts_samples(value: Value) -> bool:
    """The sum of a comparison."""
    steps = list(ancestors(value, 6))
    summed = any(v.op == "sum" for v in steps)
    return summed and any(v.op in ("compare", "eq") for v in steps) and not any(v.op in ("mean", "div") for v in steps)


def _sums_up(value: Value, count: Event) -> bool:
    return any(v is count.result for v in ancestors(value, 8))


def _is_by_sample(loop: Value) -> bool:
    """A loader with a batch size of 1 (the default), or a plain data set. What is handed in is what it is called."""
    if loop.kind == "unknown" and loop.op in ("parameter", "attr"):
        return "loader" not in loop.name.lower()
    size = loop.argument(1, "batch_size")
    return loop.kind != "loader" or size is None or number(size) == 1


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
                told_not_to_count(method.file, owner.node),
            )


def _derives_from_trainer(owner: Class) -> bool:
    return any(unparsed(base).rpartition(".")[2] in ("Trainer", "Seq2SeqTrainer") for base in owner.node.bases)


def _ignores_count(method: Function) -> bool:
    arguments = [a.arg for a in (*method.node.args.args, *method.node.args.kwonlyargs)]
    body = [] if isinstance(method.node, ast.Lambda) else method.node.body
    nodes = [n for s in body for n in walk(s)]
    read = any(isinstance(n, ast.Name) and n.id == "num_items_in_batch" for n in nodes)
    delegates = any(isinstance(n, ast.Attribute) and n.attr == "compute_loss" for n in nodes)
    return "num_items_in_batch" in arguments and not read and not delegates


def _attributes(owner: Class) -> set[str]:
    return {n.attr for n in walk(owner.node) if isinstance(n, ast.Attribute)}


CHECKS = (
    Check("sum-not-reset", "A per-epoch average of a sum that is never set back to 0.",
          "The average grows from epoch to epoch and says nothing about the last one.",
          "Reset it at the start of every epoch.", "model_software/evaluation_error",
          _DOCS, "warning", "data_flow", find_sum_not_reset),
    Check("count-overwritten", "A count that every batch overwrites, divided by a total of all batches.",
          "Only the last batch enters the numerator; the metric is far too low and jumps about.",
          "Add to it.", "model_software/evaluation_error",
          _DOCS, "error", "data_flow", find_overwritten_count),
    Check("count-over-batches", "A count of samples divided by the number of batches.",
          "len(loader) is the number of batches.",
          "Divide by the number of samples.", "model_software/evaluation_error",
          _DOCS, "error", "data_flow", find_count_by_batches),
    Check("trainer-loss-not-scaled", "A Trainer subclass whose loss ignores num_items_in_batch.",
          "Since transformers 4.46, the Trainer leaves the division to the loss of models that accept loss arguments.",
          "Set model_accepts_loss_kwargs to False or use the count.", "optimization/accumulation_scaling",
          _TRAINER, "warning", "silent_bug", find_unscaled_trainer_loss),
)  # fmt: skip
