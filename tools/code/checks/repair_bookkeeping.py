"""Repairs of sums and averages: set back every epoch, added to, divided by the samples that were counted."""

import ast

from misrun.tools.code.checks.repair_syntax import parents, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event
from misrun.tools.code.values import Value
from misrun.tools.code.walking import unparsed, walk


def reset_every_epoch(event: Event, zero: Value) -> tuple[Edit, ...]:
    """`total = 0.0` as the first statement of the loop over epochs; the one before that loop stays."""
    epochs = event.loops()[-2].node
    body: list[ast.stmt] = getattr(epochs, "body", [])
    if not isinstance(event.node, ast.AugAssign) or not body or zero.site is None:
        return ()
    target = text_of(event.file, event.node.target)
    return (Edit("before", event.file, body[0], f"{target} = {text_of(zero.site.file, zero.site.node)}"),)


def added(file: SourceFile, statement: ast.Assign) -> tuple[Edit, ...]:
    """`x = ...` as `x += ...`."""
    target = text_of(file, statement.targets[0])
    return (Edit("replace", file, statement, f"{target} += {text_of(file, statement.value)}"),)


def by_samples(division: Event, counts: list[Event], loader: Value) -> tuple[Edit, ...]:
    """`/ len(loader.dataset)`, where every sample is seen once: no sampler, nothing dropped, no early end."""
    settings = {"sampler", "batch_sampler", "drop_last", "**"} & set(loader.kwargs)
    node = division.node.right if isinstance(division.node, ast.BinOp) else None
    ends_early = any(isinstance(n, ast.Break) for e in counts for n in walk(e.loops()[-1].node))
    if settings or ends_early or not isinstance(node, ast.Call) or len(node.args) != 1:
        return ()
    return (Edit("replace", division.file, node.args[0], f"{text_of(division.file, node.args[0])}.dataset"),)


def told_not_to_count(file: SourceFile, owner: ast.ClassDef) -> tuple[Edit, ...]:
    """`self.model_accepts_loss_kwargs = False` after the Trainer's own __init__, which sets it."""
    setting = "self.model_accepts_loss_kwargs = False"
    init = next((s for s in owner.body if isinstance(s, ast.FunctionDef) and s.name == "__init__"), None)
    if init is None:
        first = next(s for s in owner.body if isinstance(s, ast.FunctionDef))
        text = f"def __init__(self, *args, **kwargs):\n    super().__init__(*args, **kwargs)\n    {setting}\n"
        return (Edit("before", file, first, text),)
    started = (s for s in init.body if "super().__init__(" in unparsed(s) and isinstance(s, ast.Expr))
    start = next(started, None)
    if start is None or parents(file).get(id(start)) is not init:
        return ()
    return (Edit("after", file, start, setting),)
