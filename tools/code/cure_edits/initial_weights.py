"""Weights drawn as the library draws them, where the program's own way of drawing is far from it."""

import ast

from misrun.tools.code.checks.repair_syntax import statement_of
from misrun.tools.code.cure_edits.scene import Scene, Written
from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site

# What draws all weights of a layer alike or by a spread of its own; the schemes of Glorot and He, orthogonal and
# truncated normal ones adapt to the layer.
_OWN = ("normal_", "uniform_", "constant_", "ones_", "zeros_")
# Transformers are drawn with 0.02 (Radford et al. 2018, GPT, section 4.1); half and twice that are as usual.
_USUAL = (0.005, 0.05)


def of_the_library(scene: Scene) -> Written | None:
    """Statements such as `nn.init.normal_(layer.weight, std=1.0)` are taken out; PyTorch draws every layer by its size
    when it is made."""
    for file in scene.trace.project.files:
        found = [s for node in ast.walk(file.tree) if (s := _own_draw(file, node)) is not None]
        if found:
            said = "Leave the initial weights to PyTorch, which draws each layer by its size."
            return Written(said, Site(file, found[0]), tuple(Edit("delete", file, s) for s in found))
    return None


def _own_draw(file: SourceFile, node: ast.AST) -> ast.stmt | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _OWN:
        return None
    named = ast.unparse(node.func.value)
    weight = node.args[0] if node.args else None
    if not named.endswith("init") or not isinstance(weight, ast.Attribute) or weight.attr != "weight":
        return None
    statement = statement_of(file, node)
    usual = _USUAL[0] <= abs(_spread(node)) <= _USUAL[1] and node.func.attr == "normal_"
    alone = isinstance(statement, ast.Expr) and statement.value is node
    return statement if alone and not usual else None


def _spread(call: ast.Call) -> float:
    """The literal std (or bound) that a draw is given; 1, the default, where there is none."""
    given = call.args[2] if len(call.args) > 2 else next((k.value for k in call.keywords if k.arg == "std"), None)
    value = given.value if isinstance(given, ast.Constant) else None
    return float(value) if isinstance(value, int | float) else 1.0
