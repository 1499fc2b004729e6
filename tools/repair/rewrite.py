"""Rewriting a script at the nodes of its syntax tree, the rest left as it is written."""

import ast
import re
from collections.abc import Iterator, Sequence

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def replaced(code: str, *changes: tuple[ast.expr | ast.stmt, str]) -> str:
    """The script with each node's text replaced; nodes must not overlap."""
    raw = code.encode()
    starts = _line_starts(raw)
    for node, text in sorted(changes, key=lambda change: (change[0].lineno, change[0].col_offset), reverse=True):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        first = starts[node.lineno - 1] + node.col_offset
        last = starts[node.end_lineno - 1] + node.end_col_offset
        raw = raw[:first] + text.encode() + raw[last:]
    return raw.decode()


def _line_starts(raw: bytes) -> list[int]:
    """Where each line begins, in bytes, as the syntax tree counts columns."""
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def inserted(code: str, before: ast.stmt, *lines: str) -> str:
    """The script with lines put before a statement, indented like it."""
    kept = code.splitlines(keepends=True)
    indent = kept[before.lineno - 1][: before.col_offset]
    kept[before.lineno - 1 : before.lineno - 1] = [f"{indent}{line}\n" for line in lines]
    return "".join(kept)


def text_of(code: str, node: ast.AST) -> str:
    return ast.get_source_segment(code, node) or ast.unparse(node)


def on_line(tree: ast.AST, line: int) -> Iterator[ast.AST]:
    """The expressions and statements that a line is part of, outermost first."""
    for node in ast.walk(tree):
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is not None and last is not None and first <= line <= last:
            yield node


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls whose last name part is one of `names`, or all of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (not names or called(node) in names):
            yield node


def called(call: ast.Call) -> str:
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def applied(code: str, diff: str) -> str | None:
    """The script after a unified diff of it; None where the diff does not fit."""
    lines, out, at = code.splitlines(keepends=True), [], 0
    body = iter(_body(diff))
    for line in body:
        hunk = _HUNK.match(line)
        if hunk:
            start = int(hunk[1]) - (1 if hunk[2] != "0" else 0)
            out += lines[at:start]
            at = start
        elif line[:1] in {" ", "-"}:
            if at >= len(lines) or lines[at].rstrip("\n") != line[1:].rstrip("\n"):
                return None
            out += [lines[at]] if line[0] == " " else []
            at += 1
        elif line[:1] == "+":
            out.append(line[1:])
    return "".join([*out, *lines[at:]])


def _body(diff: str) -> Sequence[str]:
    return [line for line in diff.splitlines(keepends=True) if not line.startswith(("--- ", "+++ ", "\\"))]


def parses(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True
