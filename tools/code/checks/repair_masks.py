"""Repairs of conditions and masks that pick the wrong side."""

import ast

from misrun.tools.code.checks.repair_syntax import atom, function_of, text_of
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site
from misrun.tools.code.walking import walk

_OPPOSITE = {ast.In: "not in", ast.NotIn: "in", ast.Eq: "!=", ast.NotEq: "=="}


def opposite(file: SourceFile, test: ast.expr) -> tuple[Edit, ...]:
    """`"head" not in name` for `"head" in name`; `not (...)` around anything else."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITE:
        sides = text_of(file, test.left), text_of(file, test.comparators[0])
        return (Edit("replace", file, test, f"{sides[0]} {_OPPOSITE[type(test.ops[0])]} {sides[1]}"),)
    text = text_of(file, test) if isinstance(test, ast.Call) else f"({text_of(file, test)})"
    return (Edit("replace", file, test, f"not {text}"),)


def unequal(mask: Site) -> tuple[Edit, ...]:
    """`target != PAD` for `==`, `.ne(` for `.eq(`, where the mask is used once."""
    node, file = mask.node, mask.file
    if isinstance(node, ast.Compare):
        return opposite(file, node) if _is_used_once(file, node) else ()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "eq":
        text = f"{text_of(file, node.func.value)}.ne"
        return (Edit("replace", file, node.func, text),) if _is_used_once(file, node) else ()
    return ()


def _is_used_once(file: SourceFile, node: ast.expr) -> bool:
    """Written in place, or kept under a name that is read in one place."""
    scope = function_of(file, node)
    for assign in (n for n in walk(scope) if isinstance(n, ast.Assign)):
        target = assign.targets[0]
        if any(n is node for n in walk(assign.value)) and isinstance(target, ast.Name) and assign.value is node:
            reads = [n for n in walk(scope) if isinstance(n, ast.Name) and n.id == target.id]
            return sum(isinstance(n.ctx, ast.Load) for n in reads) == 1
    return True


def other_places(file: SourceFile, target: ast.Subscript) -> tuple[Edit, ...]:
    """`labels[~mask]` for `labels[mask]`, where the mask is known to hold truth values."""
    mask = target.slice
    if not isinstance(mask, ast.Name | ast.Compare) or (isinstance(mask, ast.Name) and not _is_boolean(file, mask)):
        return ()
    return (Edit("replace", file, mask, f"~{atom(file, mask)}"),)


def _is_boolean(file: SourceFile, mask: ast.Name) -> bool:
    """Every assignment to the name is a comparison or a `.bool()`."""
    values = [
        n.value
        for n in walk(function_of(file, mask))
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == mask.id for t in n.targets)
    ]
    combined = [v for value in values for v in (_operands(value))]
    return bool(combined) and all(
        isinstance(v, ast.Compare) or (isinstance(v, ast.Call) and last_name(v.func) == "bool") for v in combined
    )


def _operands(value: ast.expr) -> list[ast.expr]:
    """The operands of `a & b`."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitAnd | ast.BitOr):
        return [*_operands(value.left), *_operands(value.right)]
    return [value]


def marked_where_filled(file: SourceFile, mask: ast.AST) -> tuple[Edit, ...]:
    """`arange(n) >= n - lengths` for `arange(n) < lengths`, and the other way."""
    if not isinstance(mask, ast.Compare) or len(mask.ops) != 1:
        return ()
    left, bound = text_of(file, mask.left), mask.comparators[0]
    if isinstance(mask.ops[0], ast.GtE) and isinstance(bound, ast.BinOp):
        return (Edit("replace", file, mask, f"{left} < {text_of(file, bound.right)}"),)
    counted = next((n for n in walk(mask.left) if isinstance(n, ast.Call) and last_name(n.func) == "arange"), None)
    if counted is None or len(counted.args) != 1 or not isinstance(mask.ops[0], ast.Lt):
        return ()
    end = text_of(file, counted.args[0])
    return (Edit("replace", file, mask, f"{left} >= {end} - {atom(file, bound)}"),)
