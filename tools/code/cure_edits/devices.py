"""Tensors made inside a forward pass on the device of its input."""

import ast

from misrun.tools.code.checks.repair_syntax import text_of, with_keyword
from misrun.tools.code.cure_edits.scene import Scene, Written, function_at
from misrun.tools.code.names import names
from misrun.tools.code.source import SourceFile
from misrun.tools.code.values import Site

_MAKERS = names("zeros ones full arange rand randn eye tensor linspace randint empty randperm")


def of_the_input(scene: Scene) -> Written | None:
    """`device=x.device` on every tensor that the function which raised makes without saying where; x is the first
    argument of that function which is no `self`."""
    raised = scene.raised()
    if "to be on the same device" not in scene.message or not raised:
        return None
    file, frame = raised[-1]
    function = function_at(file, frame.line)
    first = _first_argument(function)
    if function is None or not first:
        return None
    made = [node for node in ast.walk(function) if _makes_tensor(file, node)]
    edits = tuple(with_keyword(file, node, "device", f"{first}.device") for node in made if isinstance(node, ast.Call))
    if not edits:
        return None
    return Written(f"Make the tensors of `{function.name}` on the device of `{first}`.", Site(file, made[0]), edits)


def _first_argument(function: ast.FunctionDef | None) -> str:
    given = [a.arg for a in function.args.args if a.arg not in ("self", "cls")] if function is not None else []
    return given[0] if given else ""


def _makes_tensor(file: SourceFile, node: ast.AST) -> bool:
    """`torch.zeros(...)` without a device that is not moved at once."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _MAKERS:
        return False
    return text_of(file, node.func.value) == "torch" and not any(k.arg in ("device", None) for k in node.keywords)
