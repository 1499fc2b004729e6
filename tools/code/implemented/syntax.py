"""Small questions about syntax trees that every reader of forms asks."""

import ast
from collections.abc import Iterator

from misrun.tools.code.names import names
from misrun.tools.code.project_model import FunctionNode, Project
from misrun.tools.code.source import SourceFile
from misrun.tools.record import Span

_LARGEST = 1e18


def span_of(file: SourceFile, node: ast.AST) -> Span:
    start = int(getattr(node, "lineno", 1))
    first = file.line(start)
    last = file.line(int(getattr(node, "end_lineno", None) or start))
    return Span(file=file.path, first=first, last=max(first, last))


def name_of(node: ast.AST | None) -> str:
    """The last part of a name, an attribute, an entry or a call: `cfg.train["lr"]` gives "lr"."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        key = node.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else name_of(node.value)
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return ""


# Methods that give the same numbers in another form.
_SAME = names("flatten view reshape float squeeze unsqueeze detach to item expand contiguous clone double")


def bare(node: ast.expr) -> ast.expr:
    """The expression without methods that only change its form, and without an index: `r[t].flatten()` gives `r`."""
    while True:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SAME:
            node = node.func.value
        elif isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            node = node.value
        else:
            return node


def identifiers(node: ast.AST) -> set[str]:
    """All names, attributes and string keys below a node, in small letters."""
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            found.add(inner.id.lower())
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr.lower())
        elif isinstance(inner, ast.arg):
            found.add(inner.arg.lower())
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str) and len(inner.value) < 60:
            found.add(inner.value.lower())
    return found


def number_of(node: ast.AST | None, depth: int = 0) -> float | None:
    """The value of a literal or of arithmetic on literals, also inside int() and float(); None for all else."""
    if isinstance(node, ast.Constant):
        value = node.value
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if depth > 6 or node is None:
        return None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = number_of(node.operand, depth + 1)
        return None if value is None else -value
    if isinstance(node, ast.Call) and name_of(node.func) in ("int", "float") and len(node.args) == 1:
        return number_of(node.args[0], depth + 1)
    if isinstance(node, ast.BinOp):
        left, right = number_of(node.left, depth + 1), number_of(node.right, depth + 1)
        return None if left is None or right is None else _arithmetic(node.op, left, right)
    return None


def _arithmetic(operator: ast.operator, left: float, right: float) -> float | None:
    if max(abs(left), abs(right)) > _LARGEST:
        return None
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Div) and right:
        return left / right
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Pow) and 0 < left <= 1024 and abs(right) <= 64:
        return float(left**right)
    return None


def numbers_of(node: ast.AST | None) -> tuple[float, ...]:
    """The number of a node, or those of a tuple or list of numbers; empty for all else."""
    if isinstance(node, ast.Tuple | ast.List):
        values = [number_of(item) for item in node.elts]
        return tuple(v for v in values if v is not None) if values and None not in values else ()
    value = number_of(node)
    return () if value is None else (value,)


def walk(project: Project) -> Iterator[tuple[SourceFile, ast.AST]]:
    """Every node of every file that is no unit test."""
    for file in project.files:
        if not file.is_unit_test:
            for node in ast.walk(file.tree):
                yield file, node


def calls(project: Project, *wanted: str) -> Iterator[tuple[SourceFile, ast.Call]]:
    """Every call of a function whose last name is one of `wanted` (any, when none are given)."""
    for file, node in walk(project):
        if isinstance(node, ast.Call) and (not wanted or name_of(node.func) in wanted):
            yield file, node


def scopes(project: Project) -> Iterator[tuple[SourceFile, ast.AST, list[ast.AST]]]:
    """Every function body and module body with its own nodes, those of inner functions left out."""
    for file in project.files:
        if file.is_unit_test:
            continue
        yield file, file.tree, list(_own_nodes(file.tree))
    for function in project.functions.values():
        if not function.file.is_unit_test:
            yield function.file, function.node, list(_own_nodes(function.node))


def _own_nodes(root: ast.AST) -> Iterator[ast.AST]:
    stack = list(ast.iter_child_nodes(root))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            stack.extend(ast.iter_child_nodes(node))


def keyword(call: ast.Call, *wanted: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg in wanted), None)


def argument(call: ast.Call, position: int, *wanted: str) -> ast.expr | None:
    """The argument under one of `wanted`, else the one at `position`."""
    found = keyword(call, *wanted)
    if found is not None:
        return found
    return call.args[position] if 0 <= position < len(call.args) else None


def assigned(nodes: list[ast.AST]) -> dict[str, ast.expr]:
    """The last expression assigned to each plain name or attribute among the nodes of a scope."""
    found: dict[str, tuple[int, ast.expr]] = {}
    for node in nodes:
        targets: list[ast.expr] = []
        value: ast.expr | None = None
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        for target in targets:
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
                pairs = list(zip(target.elts, value.elts, strict=True))
            for one, what in pairs:
                name = name_of(one)
                if name and what is not None and not isinstance(one, ast.Subscript):
                    line = int(getattr(node, "lineno", 0))
                    if name not in found or found[name][0] <= line:
                        found[name] = (line, what)
    return {name: value for name, (_, value) in found.items()}


def text_of(node: ast.AST, most: int = 120) -> str:
    """The source of a node on one line, cut."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= most else f"{text[:most]} ..."


def function_name(node: ast.AST) -> str:
    return node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ""


def parameters(node: FunctionNode) -> list[tuple[ast.arg, ast.expr | None]]:
    """The parameters of a function with their defaults."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    return [*zip(positional, defaults, strict=True), *zip(args.kwonlyargs, args.kw_defaults, strict=True)]
