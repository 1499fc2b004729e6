"""Small edits of the user's source as unified diffs. The files themselves are never changed."""

import ast
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from misrun.tools.code.source import SourceFile


@dataclass(frozen=True, slots=True)
class Edit:
    """One change at a node: put a line before or after its statement, delete its lines, or replace its text."""

    action: Literal["before", "after", "delete", "replace"]
    file: SourceFile
    node: ast.AST
    text: str = ""


def unified_diff(root: Path, edits: Sequence[Edit]) -> str | None:
    """A diff that applies with `patch -p1` in `root`; None when an edit cannot be made or its result does not parse."""
    file = edits[0].file
    if file.is_notebook or any(edit.file is not file for edit in edits):
        return None
    try:
        old = (root / file.path).read_bytes().decode("utf-8")
        new = _apply(old, edits)
        ast.parse(new.removeprefix("\ufeff"))
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError):
        return None
    return diff_of(old, new, file.path) if new != old else None


def diff_of(old: str, new: str, path: str) -> str:
    """The unified diff from `old` to `new` of the file `path`, for `patch -p1`."""
    lines = difflib.unified_diff(_split(old), _split(new), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _split(text: str) -> list[str]:
    """Lines as Python and `patch` count them, ends kept."""
    return re.findall(r"[^\n]*\n|[^\n]+$", text)


def _apply(text: str, edits: Sequence[Edit]) -> str:
    lines = _split(text)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    for edit in sorted(edits, key=lambda e: int(getattr(e.node, "lineno", 0)), reverse=True):
        _apply_one(lines, edit, end)
    return "".join(lines)


def _apply_one(lines: list[str], edit: Edit, end: str) -> None:
    statement = _statement_of(edit)
    first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
    if edit.action == "replace":
        _replace(lines, edit)
        return
    if edit.action == "delete":
        _require_own_lines(lines, statement)
        del lines[first : last + 1]
        return
    if edit.action == "after" or not hasattr(statement, "body"):
        _require_own_lines(lines, statement)
    indent = re.match(r"[ \t]*", lines[first])[0]  # type: ignore[index]
    if edit.action == "before":
        lines.insert(first, f"{indent}{edit.text}{end}")
    else:
        if not lines[last].endswith("\n"):
            lines[last] += end
        lines.insert(last + 1, f"{indent}{edit.text}{end}")


def _statement_of(edit: Edit) -> ast.stmt:
    """The innermost simple statement around the edit's node."""
    line = int(getattr(edit.node, "lineno", 0))
    if isinstance(edit.node, ast.stmt):
        return edit.node
    best: ast.stmt | None = None
    for node in ast.walk(edit.file.tree):
        around = isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
        if around and isinstance(node, ast.stmt) and (best is None or node.lineno >= best.lineno):
            best = node
    if best is None:
        raise ValueError("no statement at the edit")
    return best


def _require_own_lines(lines: list[str], statement: ast.stmt) -> None:
    """Refuses a statement that shares its line with another (`a; b`, `if x: y`) or has a body."""
    first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
    before = lines[first].encode()[: statement.col_offset]
    after = lines[last].encode()[statement.end_col_offset or 0 :].strip()
    if before.strip() or (after and not after.startswith(b"#")) or hasattr(statement, "body"):
        raise ValueError("the statement shares its line")


def _replace(lines: list[str], edit: Edit) -> None:
    node = edit.node
    if not isinstance(node, ast.expr | ast.keyword) or node.lineno != node.end_lineno:
        raise ValueError("only an expression on one line is replaced")
    raw = lines[node.lineno - 1].encode()
    lines[node.lineno - 1] = (raw[: node.col_offset] + edit.text.encode() + raw[node.end_col_offset :]).decode()
