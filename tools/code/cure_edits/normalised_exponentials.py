"""Exponentials that are divided by their own sum, as a softmax, which subtracts the largest first."""

import ast

from misrun.tools.code.checks.repair_syntax import function_of, statement_of, text_of
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site


def as_softmax(scene: Scene) -> Written | None:
    """`w = torch.exp(s)` with a later `... / w.sum(d)` in one function: `w = torch.softmax(s, dim=d)`, whose sum is 1,
    so that what is divided by it stays as it is."""
    for event in scene.trace.events("exp"):
        statement = statement_of(event.file, event.node)
        name = _assigned(statement, event.node)
        dim = _summed_over(event.file, event.node, name) if name else None
        if dim is not None and isinstance(event.node, ast.Call):
            scores = _operand(event.file, event.node)
            text = f"torch.softmax({scores}, dim={dim})"
            edit = Edit("replace", event.file, event.node, text)
            imported = Edit("import", event.file, event.file.tree, "import torch")
            said = f"Take `{name}` as a softmax, which subtracts the largest score before the exponential."
            return Written(said, Site(event.file, event.node), (edit, imported))
    return None


def _assigned(statement: ast.stmt | None, node: ast.AST) -> str:
    if not isinstance(statement, ast.Assign) or statement.value is not node or len(statement.targets) != 1:
        return ""
    return statement.targets[0].id if isinstance(statement.targets[0], ast.Name) else ""


def _operand(file: SourceFile, call: ast.Call) -> str:
    if call.args:
        return text_of(file, call.args[0])
    return text_of(file, call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _summed_over(file: SourceFile, node: ast.AST, name: str) -> str | None:
    """The axis of `name.sum(axis)` below a division in the same function; None where there is none."""
    for division in ast.walk(function_of(file, node)):
        if not isinstance(division, ast.BinOp) or not isinstance(division.op, ast.Div):
            continue
        for call in ast.walk(division.right):
            if isinstance(call, ast.Call) and text_of(file, call.func) == f"{name}.sum":
                given = [*call.args, *(k.value for k in call.keywords if k.arg in ("dim", "axis"))]
                if given and isinstance(given[0], ast.Constant | ast.UnaryOp):
                    return text_of(file, given[0])
    return None
