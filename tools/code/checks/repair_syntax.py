"""Reading and rewriting the user's syntax for patches: source as it is written, arguments of calls, names in reach."""

import ast
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from misrun.tools.code.patches import Edit
from misrun.tools.code.source import SourceFile
from misrun.tools.code.walking import children, unparsed, walk

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
# What binds tighter than a method call and so needs no parentheses before one.
_ATOMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.List, ast.Tuple, ast.Dict, ast.ListComp)


def text_of(file: SourceFile, node: ast.AST) -> str:
    """The source of a node as the user wrote it; further lines of a statement lose the indentation it has itself."""
    found = ast.get_source_segment("\n".join(file.lines) + "\n", node)
    if found is None:
        return unparsed(node)
    if not isinstance(node, ast.stmt) or "\n" not in found:
        return found
    return textwrap.dedent(" " * node.col_offset + found)


def atom(file: SourceFile, node: ast.expr) -> str:
    """The source of an expression, in parentheses where a method call or a product could not follow it as it is."""
    text = text_of(file, node)
    return text if isinstance(node, _ATOMS) or (text.startswith("(") and text.endswith(")")) else f"({text})"


@lru_cache(maxsize=64)  # files of one project; a check asks for the parents of several nodes of one file
def parents(file: SourceFile) -> dict[int, ast.AST]:
    """The node around each node, by its id()."""
    return {id(child): node for node in walk(file.tree) for child in children(node)}


def around(file: SourceFile, node: ast.AST) -> Iterator[ast.AST]:
    """The nodes around a node, innermost first."""
    found = parents(file)
    current = found.get(id(node))
    while current is not None:
        yield current
        current = found.get(id(current))


def statement_of(file: SourceFile, node: ast.AST) -> ast.stmt | None:
    """The innermost statement that holds the node, or the node itself."""
    if isinstance(node, ast.stmt):
        return node
    return next((n for n in around(file, node) if isinstance(n, ast.stmt)), None)


def function_of(file: SourceFile, node: ast.AST) -> ast.Module | FunctionNode:
    """The function the node stands in, or the module."""
    found = (n for n in around(file, node) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return next(found, file.tree)


def class_of(file: SourceFile, node: ast.AST) -> ast.ClassDef | None:
    return next((n for n in around(file, node) if isinstance(n, ast.ClassDef)), None)


def block_of(file: SourceFile, statement: ast.stmt) -> list[ast.stmt]:
    """The statements beside this one, itself included."""
    holder = parents(file).get(id(statement))
    for name in ("body", "orelse", "finalbody"):
        block = getattr(holder, name, None)
        if isinstance(block, list) and any(s is statement for s in block):
            return block
    return [statement]


def given_node(call: ast.AST | None, position: int, *names: str) -> ast.expr | None:
    """What a call writes at a position or under one of the names; None where it does not, or hides it behind a star."""
    if not isinstance(call, ast.Call):
        return None
    named = next((k.value for k in call.keywords if k.arg in names), None)
    if named is not None or any(isinstance(a, ast.Starred) for a in call.args[: position + 1]):
        return named
    return call.args[position] if position < len(call.args) else None


def with_keyword(file: SourceFile, call: ast.Call, name: str, value: str) -> Edit:
    """The call with `name=value`: in place of what it says now, or behind its last argument."""
    now = next((k.value for k in call.keywords if k.arg == name), None)
    if now is not None:
        return Edit("replace", file, now, value)
    written: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    if not written:
        return Edit("replace", file, call, f"{text_of(file, call.func)}({name}={value})")
    last = max(written, key=lambda n: (n.lineno, n.col_offset))
    return Edit("replace", file, last, f"{text_of(file, last)}, {name}={value}")


def moved(
    file: SourceFile, statement: ast.stmt, where: Literal["before", "after"], place: ast.stmt
) -> tuple[Edit, ...]:
    """The statement taken from where it is to before or after another one of the same file."""
    return (Edit("delete", file, statement), Edit(where, file, place, text_of(file, statement)))


def is_in_reach(file: SourceFile, text: str, node: ast.AST) -> bool:
    """Whether the variable or attribute of self `text` certainly has a value where `node` stands."""
    root, _, attribute = text.partition(".")
    function = function_of(file, node)
    if root == "self":
        owner = class_of(file, node)
        stored = (n for n in walk(owner) if isinstance(n, ast.Attribute)) if owner is not None else ()
        wanted = f"self.{attribute.partition('.')[0]}"
        return any(isinstance(n.ctx, ast.Store) and unparsed(n) == wanted for n in stored)
    if not root.isidentifier():
        return False
    return root in _bound_before(function, node) or (function is not file.tree and root in _bound_before(file.tree))


def _bound_before(scope: ast.Module | FunctionNode, node: ast.AST | None = None) -> set[str]:
    """Names that a function or module has bound on an earlier line than the node; all of them without one."""
    line = getattr(node, "lineno", None)
    found = set()
    if not isinstance(scope, ast.Module):
        spec = scope.args
        found |= {a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)}
    for inner in _own(scope):
        early = line is None or int(getattr(inner, "lineno", 0)) < line
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and early:
            found.add(inner.id)
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            found |= {(a.asname or a.name).partition(".")[0] for a in inner.names}
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(inner.name)
    return found


def _own(scope: ast.Module | FunctionNode) -> Iterator[ast.AST]:
    """The nodes of a scope without the insides of the functions and classes defined in it."""
    stack: list[ast.AST] = list(scope.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(children(node))


def names_in(node: ast.AST) -> set[str]:
    """Variables that are read in an expression or statement."""
    return {n.id for n in walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
