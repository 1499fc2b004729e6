"""Edits that bring inputs of all parts of the data to one scale."""

import ast
import re
from collections.abc import Sequence

from misrun.tools.code.bodies import is_target_name
from misrun.tools.code.checks.repair_syntax import (
    block_of,
    function_of,
    is_in_reach,
    names_in,
    parents,
    statement_of,
    text_of,
)
from misrun.tools.code.names import names
from misrun.tools.code.patches import Edit
from misrun.tools.code.project_model import last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.walking import unparsed, walk

# After these an image is a float tensor, which is what a normalisation needs.
_TO_FLOAT = names("ToTensor ToDtype ConvertImageDtype ToTensorV2 ToImage")
_STATISTICS = names("mean std min max var median quantile percentile amin amax fit fit_transform norm")


def same_normaliser(
    file: SourceFile,
    held_out: list[ast.expr],
    training: list[ast.expr],
    normalisers: Sequence[str],
    named: frozenset[str],
) -> tuple[Edit, ...]:
    """The normalisation of the training pipeline in the held-out one; where training has none, the other way round."""
    mine, theirs = (
        [s for s in steps if _is_call_of(s, normalisers) or unparsed(s) in named] for steps in (held_out, training)
    )
    if len(mine) == len(theirs) == 1:
        return (Edit("replace", file, mine[0], text_of(file, theirs[0])),)
    wanted, steps = (theirs, held_out) if not mine else (mine, training)
    if len(wanted) != 1 or not all(is_in_reach(file, n, steps[0]) for n in names_in(wanted[0])):
        return ()
    place = next((s for s in reversed(steps) if _is_call_of(s, tuple(_TO_FLOAT))), None)
    if place is None or any(_is_call_of(s, normalisers) for s in steps):
        return ()
    return (Edit("replace", file, place, f"{text_of(file, place)}, {text_of(file, wanted[0])}"),)


def _is_call_of(step: ast.expr, wanted: Sequence[str]) -> bool:
    return isinstance(step, ast.Call) and last_name(step.func) in wanted


def likewise_scaled(file: SourceFile, scaled: ast.Assign, name: str, twin: str) -> tuple[Edit, ...]:
    """The statement that scales `name`, for `twin`: with the same numbers, taken from `name` where it takes its own."""
    if len(scaled.targets) != 1 or not isinstance(scaled.targets[0], ast.Name):
        return ()
    own = [c for c in walk(scaled.value) if isinstance(c, ast.Call) and _takes_statistics(c, name)]
    if any(last_name(c.func) in ("fit", "fit_transform") for c in own):
        return _transformed(file, scaled, own, name, twin)
    if own:
        text = unparsed(_Renamed(name, twin, own).visit(ast.parse(text_of(file, scaled))))
        known = is_in_reach(file, twin, scaled)
        return (Edit("before", file, scaled, text),) if known else ()
    return _after_both(file, scaled, _renamed_text(text_of(file, scaled), name, twin), twin)


def _transformed(file: SourceFile, scaled: ast.Assign, fits: list[ast.Call], name: str, twin: str) -> tuple[Edit, ...]:
    """`x_val = scaler.transform(x_val)` behind `x_train = scaler.fit_transform(x_train)`."""
    fit = fits[0].func
    if len(fits) != 1 or not isinstance(fit, ast.Attribute) or not isinstance(fit.value, ast.Name | ast.Attribute):
        return ()
    text = _renamed_text(text_of(file, scaled), name, twin).replace(".fit_transform(", ".transform(")
    return _after_both(file, scaled, text, twin) if fit.attr == "fit_transform" else ()


def _after_both(file: SourceFile, scaled: ast.Assign, text: str, twin: str) -> tuple[Edit, ...]:
    """Below the scaling, or in the statement that makes or casts the twin later on."""
    scope = function_of(file, scaled)
    later = [
        n
        for n in walk(scope)
        if isinstance(n, ast.Assign) and n.lineno > scaled.lineno and twin in {unparsed(t) for t in n.targets}
    ]
    cast = next(
        (n for n in later if isinstance(n.value, ast.Call) and n.value.args and unparsed(n.value.args[0]) == twin),
        None,
    )
    if cast is not None:
        return (Edit("replace", file, cast, text),) if last_name(cast.value) == last_name(scaled.value) else ()
    if later:
        return (Edit("after", file, later[-1], text),)
    return (Edit("after", file, scaled, text),) if is_in_reach(file, twin, scaled) else ()


def _renamed_text(text: str, name: str, twin: str) -> str:
    return re.sub(rf"\b{re.escape(name)}\b", twin, text)


def _takes_statistics(call: ast.Call, name: str) -> bool:
    """`x.mean(0)`, `np.std(x)`, `scaler.fit_transform(x)` of the name."""
    return last_name(call.func) in _STATISTICS and name in names_in(call)


class _Renamed(ast.NodeTransformer):
    """The statement for the twin: the name is another, but for the calls that take statistics."""

    def __init__(self, name: str, twin: str, kept: list[ast.Call]) -> None:
        self.name, self.twin = name, twin
        self.kept = {unparsed(c) for c in kept}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return node if unparsed(node) in self.kept else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.twin, node.ctx) if node.id == self.name else node


def scaled_always(file: SourceFile, branch: ast.If, scaling: ast.Assign) -> tuple[Edit, ...]:
    """The scaling in place of its branch or, where augmentation stays in the branch, on the side it is nearest to."""
    if len(branch.body) == 1:
        return (Edit("replace", file, branch, text_of(file, scaling)),)
    text = text_of(file, scaling)
    if branch.body[-1] is scaling:
        return (Edit("delete", file, scaling), Edit("after", file, branch, text))
    if branch.body[0] is scaling and block_of(file, branch):
        return (Edit("delete", file, scaling), Edit("before", file, branch, text))
    return ()


def cast_divided(casts: list[tuple[SourceFile, ast.Call]]) -> tuple[Edit, ...]:
    """`x.float()` as `x.float() / 255`, where only one thing besides targets is made a float."""
    inputs = [(file, call) for file, call in casts if not _is_of_target(file, call)]
    if len(inputs) != 1:
        return ()
    file, call = inputs[0]
    text = f"{text_of(file, call)} / 255"
    holder = parents(file).get(id(call))
    inside = isinstance(holder, ast.Attribute | ast.BinOp | ast.Subscript | ast.UnaryOp)
    return (Edit("replace", file, call, f"({text})" if inside else text),)


def _is_of_target(file: SourceFile, call: ast.Call) -> bool:
    statement = statement_of(file, call)
    assigned = statement.targets if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else []
    written = [n for t in (*assigned, call) for n in walk(t)]
    texts = [n.id for n in written if isinstance(n, ast.Name)] + [
        n.attr for n in written if isinstance(n, ast.Attribute)
    ]
    return any(is_target_name(t) for t in texts)
