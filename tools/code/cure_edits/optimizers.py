"""An optimizer with the default betas and eps of its library."""

import ast

from misrun.tools.code.checks.repair_syntax import text_of
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site

# What is unusual in these alone makes a step of the wrong size; 1e-3 as eps outweighs usual second moments.
_LARGEST_EPS = 1e-3
_USUAL_BETAS = ((0.85, 0.95), (0.95, 0.9999))


def with_defaults(scene: Scene) -> Written | None:
    """`betas` and `eps` that lie outside what is usual are left out of the optimizer's call."""
    for event in scene.trace.events("new"):
        node = event.node
        if event.result.kind != "optimizer" or not isinstance(node, ast.Call):
            continue
        odd = [k for k in node.keywords if _is_odd(k)]
        if len(odd) == 1:
            said = (
                f"Leave {text_of(event.file, odd[0])} out of the optimizer: the default of the library takes its place."
            )
            return Written(said, Site(event.file, node), (Edit("drop", event.file, odd[0]),))
        if odd:
            return _rewritten(event.file, node, odd)
    return None


def _is_odd(keyword: ast.keyword) -> bool:
    if keyword.arg == "eps":
        return isinstance(keyword.value, ast.Constant) and _number(keyword.value) > _LARGEST_EPS
    if keyword.arg == "betas" and isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) == 2:
        values = [_number(element) for element in keyword.value.elts]
        pairs = zip(values, _USUAL_BETAS, strict=True)
        return any(value < low or value > high for value, (low, high) in pairs)
    return False


def _number(node: ast.expr) -> float:
    """NaN for what is no literal number."""
    value = node.value if isinstance(node, ast.Constant) else None
    return float(value) if isinstance(value, int | float) else float("nan")


def _rewritten(file: SourceFile, call: ast.Call, odd: list[ast.keyword]) -> Written:
    kept = [text_of(file, a) for a in (*call.args, *(k for k in call.keywords if k not in odd))]
    text = f"{text_of(file, call.func)}({', '.join(kept)})"
    said = "Leave betas and eps out of the optimizer: the defaults of the library take their place."
    return Written(said, Site(file, call), (Edit("replace", file, call, text),))
