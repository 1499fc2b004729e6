"""Patches for number formats: float32 weights instead of float16, a gradient scaler beside autocast."""

import ast

from misrun.tools.code.checks.repair_places import assigned_at, belongs
from misrun.tools.code.checks.repair_syntax import class_of, function_of, is_in_reach, statement_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.training import TrainingLoop
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk


def not_half(site: Site) -> tuple[Edit, ...]:
    """The file without its casts to float16, of the model and of its inputs: all stays float32."""
    file = site.file
    casts = [n for n in walk(file.tree) if isinstance(n, ast.Call) and _casts_to_half(n)]
    named = any(isinstance(n, ast.Attribute) and n.attr in ("float16", "half") for n in _outside(file, casts))
    if named or not any(cast is site.node for cast in casts):
        return ()
    return tuple(_without(file, cast) for cast in casts)


def _casts_to_half(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr == "half":
        return not call.args
    given = [*call.args, *(k.value for k in call.keywords)]
    return call.func.attr == "to" and [unparsed(g) for g in given] in (["torch.float16"], ["torch.half"])


def _outside(file: SourceFile, casts: list[ast.Call]) -> list[ast.AST]:
    inside = {id(n) for cast in casts for n in (cast.func, *(m for a in cast.args for m in walk(a)))}
    inside |= {id(m) for cast in casts for k in cast.keywords for m in walk(k.value)}
    return [n for n in walk(file.tree) if id(n) not in inside]


def _without(file: SourceFile, cast: ast.Call) -> Edit:
    statement = statement_of(file, cast)
    if isinstance(statement, ast.Expr) and statement.value is cast:
        return Edit("delete", file, statement)
    receiver = cast.func.value if isinstance(cast.func, ast.Attribute) else cast
    return Edit("replace", file, cast, text_of(file, receiver))


def scaled_backward(training: TrainingLoop) -> tuple[Edit, ...]:
    """scale, step and update of a GradScaler (torch.amp, "Typical Mixed Precision Training"), which is made behind the
    optimizer; unscale_ before clipping. None where backward and step are not written side by side."""
    if len(training.backwards) != 1 or len(training.steps) != 1:
        return ()
    backward, step = training.backwards[0], training.steps[0].event
    file, optimizer = backward.file, training.steps[0].optimizer
    made = assigned_at(file, optimizer.site.node) if optimizer.site is not None else None
    nodes = (backward.node, step.node)
    if made is None or step.file is not file or not all(belongs(file, n) for n in nodes):
        return ()
    if function_of(file, backward.node) is not function_of(file, step.node) or backward.receiver is not None:
        return ()
    scaler = "self.scaler" if made[1].startswith("self.") else "scaler"
    home = function_of(file, made[0])
    seen = home is function_of(file, step.node) or home is file.tree
    if (scaler == "scaler" and not seen) or (
        scaler == "self.scaler" and class_of(file, made[0]) is not class_of(file, step.node)
    ):
        return ()
    return _scaled(training, file, scaler, made[0])


def _scaled(training: TrainingLoop, file: SourceFile, scaler: str, made: ast.stmt) -> tuple[Edit, ...]:
    loss, step = training.backwards[0].node, training.steps[0].event.node
    statement = statement_of(file, step)
    clips = [e.node for e in training.events if e.op == "clip_grad" and belongs(file, e.node)]
    if (
        not isinstance(loss, ast.Call)
        or not isinstance(loss.func, ast.Attribute)
        or not isinstance(statement, ast.Expr)
    ):
        return ()
    if not isinstance(step, ast.Call) or not isinstance(step.func, ast.Attribute) or step.args or step.keywords:
        return ()
    optimizer = text_of(file, step.func.value)
    old = any("torch.cuda.amp" in line for line in file.lines)
    maker = "torch.cuda.amp.GradScaler()" if old else 'torch.amp.GradScaler("cuda")'
    if not is_in_reach(file, optimizer.partition(".")[0], step) and not optimizer.startswith("self."):
        return ()
    return (
        Edit("after", file, made, f"{scaler} = {maker}"),
        Edit("replace", file, loss.func.value, f"{scaler}.scale({text_of(file, loss.func.value)})"),
        *(Edit("before", file, clip, f"{scaler}.unscale_({optimizer})") for clip in clips),
        Edit("replace", file, statement, f"{scaler}.step({optimizer})\n{scaler}.update()"),
        Edit("import", file, file.tree, "import torch"),
    )
