"""Ids that fall outside the table they index."""

import ast
from collections.abc import Iterator

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.project_model import Class, last_name
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site

_GROWING = {"append", "extend", "insert", "add", "update", "setdefault"}


def find_fallback_outside(trace: Trace) -> Iterator[Problem]:
    """A class whose length is that of its table, and whose id for unknown entries is that length: one past the end."""
    spare = _sized_one_larger(trace)
    for owner in trace.project.classes.values():
        table = _table_of_length(owner)
        for assignment, name in _ids_of_length(owner, table) if table else ():
            if not _grows_after(owner, assignment, table) and _is_fallback(owner, name):
                yield Problem(
                    Site(owner.file, assignment),
                    f"{name} is len({table}), one past the last id, and stands for unknown entries; len() of this"
                    f" class is len({table}) too, so an embedding of that size has no row for it.",
                    "Give the unknown entry a place in the table before its length is taken.",
                    0.4 if spare else 0.85,
                    "Compare the largest id of an encoded batch with num_embeddings.",
                )


def _table_of_length(owner: Class) -> str:
    """The attribute whose length `__len__` returns, such as "self.itos"; empty when there is none."""
    length = owner.methods.get("__len__")
    returns = [n for n in ast.walk(length.node) if isinstance(n, ast.Return)] if length else []
    return _measured(returns[0].value) if len(returns) == 1 and returns[0].value else ""


def _measured(node: ast.expr) -> str:
    """The text of x in `len(x)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
        return ast.unparse(node.args[0])
    return ""


def _ids_of_length(owner: Class, table: str) -> Iterator[tuple[ast.Assign, str]]:
    """Assignments `self.name = len(table)` in the class."""
    for node in ast.walk(owner.node):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and _measured(node.value) == table:
            target = node.targets[0]
            if isinstance(target, ast.Attribute):
                yield node, ast.unparse(target)


def _grows_after(owner: Class, assignment: ast.Assign, table: str) -> bool:
    """Whether the table gets another entry on a later line of the class: then the id is inside after all."""
    return any(_grows(node, table) and getattr(node, "lineno", 0) > assignment.lineno for node in ast.walk(owner.node))


def _grows(node: ast.AST, table: str) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _GROWING and ast.unparse(node.func.value) == table
    if isinstance(node, ast.AugAssign):
        return ast.unparse(node.target) == table
    stored = node.targets if isinstance(node, ast.Assign) else []
    return any(ast.unparse(t).startswith((f"{table}[", table + " ")) or ast.unparse(t) == table for t in stored)


def _is_fallback(owner: Class, name: str) -> bool:
    """Whether the id answers look-ups that miss: `d.get(key, self.unk)`, or an else, return or except with it."""
    return any(answer is not None and ast.unparse(answer) == name for answer in _answers_to_a_miss(owner))


def _answers_to_a_miss(owner: Class) -> Iterator[ast.expr | None]:
    for node in ast.walk(owner.node):
        if isinstance(node, ast.Call) and last_name(node.func) == "get" and len(node.args) == 2:
            yield node.args[1]
        elif isinstance(node, ast.IfExp):
            yield node.orelse
        elif isinstance(node, ast.Return):
            yield node.value


def _sized_one_larger(trace: Trace) -> bool:
    """Whether any file sizes something by a length plus one, which leaves room for the id."""
    return any(_adds_one_to_length(file) for file in trace.project.files)


def _adds_one_to_length(file: SourceFile) -> bool:
    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and isinstance(node.left, ast.Call)
        and bool(_measured(node.left))
        and isinstance(node.right, ast.Constant)
        for node in ast.walk(file.tree)
    )


CHECKS = (
    Check(
        id="unknown-id-outside-table",
        what="An id for unknown entries that equals the length of the table it indexes.",
        why="The first unknown entry looks up a row that does not exist: IndexError, or a device-side assert.",
        cure="Put the unknown entry into the table first, or size the embedding one row larger.",
        mode="data_pipeline/vocabulary_mismatch",
        source="https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html",
        severity="error",
        auditor="data_flow",
        find=find_fallback_outside,
    ),
)
