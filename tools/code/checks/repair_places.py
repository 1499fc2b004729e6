"""Where an edit can go: the loops, functions and names around a place of the user's source."""

import ast

from misrun.tools.code.checks.repair_syntax import FunctionNode, around, function_of, parents, statement_of, text_of
from misrun.tools.code.source import SourceFile
from misrun.tools.code.walking import walk

Loop = ast.For | ast.AsyncFor | ast.While


def belongs(file: SourceFile, node: ast.AST) -> bool:
    """Whether the node is one of this file's: what an event happens in can be written in another."""
    return node is file.tree or id(node) in parents(file)


def loops_around(file: SourceFile, node: ast.AST) -> list[Loop]:
    """The loops written around a node in its own function, outermost first; the `orelse` of a loop is not its body."""
    found: list[Loop] = []
    for outer in around(file, node):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            break
        if isinstance(outer, ast.For | ast.AsyncFor | ast.While):
            found.append(outer)
    return found[::-1]


def first_statement(function: ast.Module | FunctionNode) -> ast.stmt:
    """The first statement of a body behind its docstring."""
    body = function.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return body[1] if documented and len(body) > 1 else body[0]


def top_level(file: SourceFile, node: ast.AST) -> ast.stmt | None:
    """The statement of the module that holds the node."""
    inside = {id(n): s for s in file.tree.body for n in walk(s)}
    return inside.get(id(node))


def free_name(file: SourceFile, wanted: str) -> str:
    """The name, or the name and a number where the file has it already."""
    taken = {n.id for n in walk(file.tree) if isinstance(n, ast.Name)}
    taken |= {n.arg for n in walk(file.tree) if isinstance(n, ast.arg)}
    taken |= {n.attr for n in walk(file.tree) if isinstance(n, ast.Attribute)}
    taken |= {n.name for n in walk(file.tree) if isinstance(n, FunctionNode | ast.ClassDef)}
    return next(name for name in (wanted, *(f"{wanted}{i}" for i in range(2, 1000))) if name not in taken)


def assigned_at(file: SourceFile, node: ast.AST) -> tuple[ast.Assign, str] | None:
    """`(x = <node>, "x")`, also through methods that give back the object: `x = <node>.to(device)`."""
    statement = statement_of(file, node)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target, value = statement.targets[0], statement.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        target, value = next(
            ((t, v) for t, v in zip(target.elts, value.elts, strict=True) if any(n is node for n in walk(v))),
            (target, value),
        )
    while value is not node and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        value = value.func.value
    plain = isinstance(target, ast.Name | ast.Attribute)
    return (statement, text_of(file, target)) if value is node and plain else None


def library(file: SourceFile, path: str) -> str:
    """How a file writes a module of a library: "nn" after `from torch import nn`, else the path itself."""
    head, _, tail = path.rpartition(".")
    for node in walk(file.tree):
        if isinstance(node, ast.Import):
            found = next((a.asname for a in node.names if a.name == path and a.asname), None)
            if found is None:
                continue
            return found
        if isinstance(node, ast.ImportFrom) and node.module == head:
            named = next((a.asname or a.name for a in node.names if a.name == tail), None)
            if named is not None:
                return named
    return path


def has_import(file: SourceFile, name: str) -> bool:
    """Whether the file's own imports bind the name."""
    return any(
        (alias.asname or alias.name).partition(".")[0] == name
        for node in file.tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    )


def same_scope(file: SourceFile, one: ast.AST, other: ast.AST) -> bool:
    return function_of(file, one) is function_of(file, other)


def reads_of(file: SourceFile, text: str) -> list[ast.expr]:
    """Places that read the variable or attribute; an attribute of any object counts by its name."""
    tail = text.rpartition(".")[2]
    if "." in text:
        return [
            n
            for n in walk(file.tree)
            if isinstance(n, ast.Attribute) and n.attr == tail and isinstance(n.ctx, ast.Load)
        ]
    return [n for n in walk(file.tree) if isinstance(n, ast.Name) and n.id == text and isinstance(n.ctx, ast.Load)]
