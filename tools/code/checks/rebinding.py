"""A model exchanged for another one in the loop, behind the back of its optimizer."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.repair_optimizers import rebuilt
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.code.walking import unparsed, walk

_OPTIM = "https://docs.pytorch.org/docs/stable/optim.html#constructing-it"


def find_model_rebound(trace: Trace) -> Iterator[Problem]:
    """`model = new` in a loop that steps an optimizer built before it from `model.parameters()`."""
    for file in trace.project.files:
        for scope in walk(file.tree):
            body = getattr(scope, "body", None)
            if isinstance(scope, ast.Module | ast.FunctionDef) and isinstance(body, list):
                yield from _rebound_in(file, body)


def _rebound_in(file: SourceFile, body: list[ast.stmt]) -> Iterator[Problem]:
    for at, loop in enumerate(body):
        if isinstance(loop, ast.For | ast.While):
            for optimizer, model in _optimizers(body[:at]):
                change = _change_of(model, loop)
                if change is not None and _steps(loop, optimizer) and not _binds(loop, optimizer):
                    yield Problem(
                        Site(file, change),
                        f"`{model}` is another object from here on, and `{optimizer}` still holds the parameters of "
                        "the one before: from the next pass on, nothing that runs is trained.",
                        f"Load the weights into the old model (load_state_dict), or build `{optimizer}` anew.",
                        0.85,
                        "Compare ids: {id(p) for p in model.parameters()} against those in optimizer.param_groups.",
                        rebuilt(file, body[:at], change, optimizer),
                    )


def _optimizers(before: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """(optimizer, model) of `opt = Adam(model.parameters())`, the last for each name."""
    found: dict[str, str] = {}
    for node in before:
        model = _trained_name(node.value) if isinstance(node, ast.Assign) else ""
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and model:
            found[node.targets[0].id] = model
    yield from found.items()


def _trained_name(node: ast.expr) -> str:
    """`model` in `Adam(model.parameters())`."""
    first = node.args[0] if isinstance(node, ast.Call) and node.args else None
    method = first.func if isinstance(first, ast.Call) else None
    if isinstance(method, ast.Attribute) and method.attr == "parameters" and isinstance(method.value, ast.Name):
        return method.value.id
    return ""


def _change_of(model: str, loop: ast.For | ast.While) -> ast.Assign | None:
    """Where the loop, after it has run the model, binds its name to something not made from it."""
    runs = [
        n.lineno for n in walk(loop) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == model
    ]
    for node in loop.body:
        if not isinstance(node, ast.Assign) or not runs or node.lineno < min(runs):
            continue
        is_target = any(isinstance(t, ast.Name) and t.id == model for t in node.targets)
        made_from_it = any(isinstance(n, ast.Name) and n.id == model for n in walk(node.value))
        copied = isinstance(node.value, ast.Call) and last_name(node.value.func) == "deepcopy"
        if is_target and (copied or not made_from_it) and isinstance(node.value, ast.Name | ast.Call):
            return node
    return None


def _steps(loop: ast.AST, optimizer: str) -> bool:
    methods = (n.func for n in walk(loop) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    return any(m.attr == "step" and unparsed(m.value) == optimizer for m in methods)


def _binds(loop: ast.AST, name: str) -> bool:
    stored = (n for n in walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return any(n.id == name for n in stored)


CHECKS = (
    Check("model-rebound-in-loop", "A model exchanged in the loop after its optimizer was built.",
          "The optimizer goes on with the parameters it was given.",
          "Load the new weights into the old model, or build a new optimizer.", "model_software/stale_optimizer",
          _OPTIM, "error", "silent_bug", find_model_rebound),
)  # fmt: skip
