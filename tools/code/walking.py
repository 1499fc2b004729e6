"""What lies below a node of a syntax tree, and its text, worked out once: some two hundred checks ask for the same.

Trees are not changed once they are parsed, so each node keeps its answers.
"""

import ast
from typing import Any


def walk(node: ast.AST) -> tuple[ast.AST, ...]:
    """What `ast.walk` yields, in its order."""
    known: tuple[ast.AST, ...] | None = getattr(node, "_walked", None)
    if known is None:
        known = _below(node)
        node._walked = known  # type: ignore[attr-defined]
    return known


def _below(node: ast.AST) -> tuple[ast.AST, ...]:
    """Breadth first, as the standard library has it; without its generators, which take most of the time."""
    found: list[Any] = [node]
    for one in found:
        for name in one._fields:
            value = getattr(one, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found.extend(item for item in value if isinstance(item, ast.AST))
    return tuple(found)


def children(node: ast.AST) -> tuple[ast.AST, ...]:
    """What `ast.iter_child_nodes` yields."""
    known: tuple[ast.AST, ...] | None = getattr(node, "_children", None)
    if known is None:
        known = tuple(ast.iter_child_nodes(node))
        node._children = known  # type: ignore[attr-defined]
    return known


def unparsed(node: ast.AST) -> str:
    """What `ast.unparse` writes."""
    known: str | None = getattr(node, "_unparsed", None)
    if known is None:
        known = ast.unparse(node)
        node._unparsed = known  # type: ignore[attr-defined]
    return known
