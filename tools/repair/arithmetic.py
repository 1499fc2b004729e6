"""Logarithms of what can be exactly 0."""

import ast

from misrun.tools.repair.repair import Clues, Repair
from misrun.tools.repair.rewrite import calls, replaced, text_of

_BOUNDING = {"clamp", "clip", "clamp_min", "clamp_"}
# float32 tells neighbours near 1 apart by 6e-8 (torch.finfo); smaller bounds are rounded away beside 1.
_LEAST = "1e-7"


def bounded_logs(clues: Clues) -> Repair | None:
    """Clamps what is given to every unbounded log of the function that the check points at."""
    finding = clues.found("unclamped-log")
    if finding is None:
        return None
    around = _around(clues.tree, finding.line)
    changes = [(log, text) for log in calls(around, "log", "log2", "log10") if (text := _clamped(clues.code, log))]
    if not changes:
        return None
    code = replaced(clues.code, *changes)
    return Repair(finding.mode, finding.line, f"{finding.message} Clamped to at least {_LEAST}.", code)


def _around(tree: ast.Module, line: int) -> ast.AST:
    """The innermost function around a line, else the whole module."""
    inside = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.lineno <= line <= (n.end_lineno or 0)]
    return max(inside, key=lambda n: n.lineno, default=tree)


def _clamped(code: str, log: ast.Call) -> str:
    """The call with its argument clamped; empty where it is bounded from below already or no tensor's log."""
    func = log.func
    if not isinstance(func, ast.Attribute):
        return ""
    module = isinstance(func.value, ast.Name) and func.value.id in {"torch", "th"}
    if isinstance(func.value, ast.Name) and func.value.id in {"math", "np", "numpy"}:
        return ""
    inner = log.args[0] if module and log.args else func.value
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in _BOUNDING:
        return ""
    bounded = f"({text_of(code, inner)}).clamp(min={_LEAST})"
    return f"{text_of(code, func)}({bounded})" if module else f"{bounded}.{func.attr}()"
