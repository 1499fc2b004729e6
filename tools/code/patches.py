"""Small edits of the user's source as unified diffs. The files themselves are never changed."""

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from misrun.tools.code.source import SourceFile
from misrun.tools.code.walking import walk

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change at a node of a file.

    `before` and `after` put `text` (one line or several, without indentation of its own) beside the node's statement;
    `delete` takes the statement (or the decorator) out; `replace` puts `text` in place of the node, an expression, a
    keyword or a statement; `drop` takes an argument or an item of a list out with its comma; `under` puts the statement
    into a block headed by `text`, `release` puts the body of such a block in its place; `import` adds the import
    statement `text` below the file's other imports, unless it is there already.
    """

    action: Literal["before", "after", "delete", "replace", "drop", "under", "release", "import"]
    file: SourceFile
    node: ast.AST
    text: str = ""


class _Change(NamedTuple):
    """Bytes `first` to `last` (exclusive) of a file become `text`."""

    first: int
    last: int
    text: str


def unified_diff(root: Path, edits: Sequence[Edit]) -> str | None:
    """A diff that applies with `patch -p1` in `root`; None when an edit cannot be made or its result does not parse."""
    files = {edit.file.path: edit.file for edit in edits}
    try:
        diffs = [_diff_of_file(root, file, [e for e in edits if e.file.path == path]) for path, file in files.items()]
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError):
        return None
    return "".join(diffs) or None


def diff_of(old: str, new: str, path: str) -> str:
    """The unified diff from `old` to `new` of the file `path`, for `patch -p1`."""
    lines = difflib.unified_diff(_split(old), _split(new), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _split(text: str) -> list[str]:
    """Lines as Python and `patch` count them, ends kept."""
    return re.findall(r"[^\n]*\n|[^\n]+$", text)


def _diff_of_file(root: Path, file: SourceFile, edits: Sequence[Edit]) -> str:
    if file.is_notebook:
        raise ValueError("a notebook's cells are not lines of a file")
    old = (root / file.path).read_bytes().decode("utf-8")
    new = _Text(old.removeprefix(_BOM), file).edited(edits)
    ast.parse(new)
    mark = _BOM if old.startswith(_BOM) else ""
    return diff_of(old, mark + new, file.path)


class _Text:
    """A file's text with the places of its lines in bytes, as the syntax tree counts columns."""

    def __init__(self, text: str, file: SourceFile) -> None:
        self.raw = text.encode()
        self.file = file
        self.end = "\r\n" if b"\r\n" in self.raw[:10_000] else "\n"
        self.starts = [0]
        for line in _split(text):
            self.starts.append(self.starts[-1] + len(line.encode()))

    def edited(self, edits: Sequence[Edit]) -> str:
        """The text after all edits; ValueError where two touch the same place."""
        raw, behind = self.raw, len(self.raw)
        changes = [change for edit in edits for change in self._changes(edit)]
        # Insertions at one place keep their order: the one named first stands first, so it is made last.
        for _, change in sorted(
            enumerate(changes), key=lambda pair: (pair[1].first, pair[1].last, pair[0]), reverse=True
        ):
            if change.last > behind:
                raise ValueError("two edits at the same place")
            raw, behind = raw[: change.first] + change.text.encode() + raw[change.last :], change.first
        return raw.decode()

    def _changes(self, edit: Edit) -> Iterator[_Change]:
        if edit.action == "import":
            yield from self._import(edit.text)
            return
        if edit.action == "drop":
            yield self._drop(edit.node)
            return
        if edit.action == "delete" and self._decorates(edit.node):
            yield self._delete_decorator(edit.node)
            return
        statement = _statement_of(edit)
        if edit.action == "replace":
            yield self._replace(edit)
        elif edit.action == "delete":
            yield self._delete(statement)
        elif edit.action == "under":
            yield from self._under(statement, edit.text)
        elif edit.action == "release":
            yield from self._release(statement)
        else:
            yield self._insert(statement, edit)

    def _offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def _span(self, node: ast.AST) -> tuple[int, int]:
        if not isinstance(node, ast.expr | ast.keyword | ast.arg | ast.stmt):
            raise ValueError("the node has no place")
        first = self._offset(node.lineno, node.col_offset)
        return first, self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _replace(self, edit: Edit) -> _Change:
        first, last = self._span(edit.node)
        if b"#" in self.raw[first:last] and b"\n" in self.raw[first:last]:
            raise ValueError("a comment inside the replaced text would be lost")
        indent = self._indent(edit.node.lineno) if isinstance(edit.node, ast.stmt) else ""
        return _Change(first, last, self._indented(edit.text, indent))

    def _drop(self, item: ast.AST) -> _Change:
        """An argument, keyword or item and the comma that parts it from its neighbour."""
        beside = _siblings(self.file.tree, item)
        at = next(i for i, other in enumerate(beside) if other is item)
        first, last = self._span(item)
        if at + 1 < len(beside):
            last = self._span(beside[at + 1])[0]
        elif at:
            first = self._span(beside[at - 1])[1]
        if b"#" in self.raw[first:last]:
            raise ValueError("a comment beside the dropped item would be lost")
        return _Change(first, last, "")

    def _decorates(self, node: ast.AST) -> bool:
        return any(node in getattr(owner, "decorator_list", []) for owner in walk(self.file.tree))

    def _delete_decorator(self, decorator: ast.AST) -> _Change:
        first, last = int(getattr(decorator, "lineno", 0)), int(getattr(decorator, "end_lineno", 0))
        return _Change(self.starts[first - 1], self.starts[last], "")

    def _delete(self, statement: ast.stmt) -> _Change:
        self._require_own_lines(statement, compound=True)
        first, last = self.starts[statement.lineno - 1], self.starts[statement.end_lineno or statement.lineno]
        if _is_alone(self.file.tree, statement):
            return _Change(*self._span(statement), "pass")
        return _Change(first, last, "")

    def _insert(self, statement: ast.stmt, edit: Edit) -> _Change:
        if edit.action == "after" or not hasattr(statement, "body"):
            self._require_own_lines(statement, compound=edit.action == "after")
        indent = self._indent(statement.lineno)
        text = indent + self._indented(edit.text, indent)
        if edit.action == "before":
            at = self.starts[_first_line(statement) - 1]
            return _Change(at, at, text + self.end)
        at = self.starts[statement.end_lineno or statement.lineno]
        ends = self.raw[:at].endswith(b"\n")
        return _Change(at, at, text + self.end if ends else self.end + text)

    def _under(self, statement: ast.stmt, header: str) -> Iterator[_Change]:
        """The header above the statement, and every line of the statement four columns further in."""
        self._require_own_lines(statement, compound=True)
        lines = [n for n in self._own_lines(statement) if self.raw[self.starts[n - 1] : self.starts[n]].strip()]
        head = self._indent(statement.lineno) + header + self.end
        for number in lines:
            at = self.starts[number - 1]
            yield _Change(at, at, (head if number == lines[0] else "") + " " * 4)

    def _release(self, block: ast.stmt) -> Iterator[_Change]:
        """The header goes, and every line of the body stands where the header stood."""
        body: list[ast.stmt] = getattr(block, "body", [])
        if not body or body[0].lineno == block.lineno:
            raise ValueError("a block of its own lines was expected")
        self._require_own_lines(block, compound=True)
        outer, inner = self._indent(block.lineno), self._indent(body[0].lineno)
        yield _Change(self.starts[block.lineno - 1], self.starts[body[0].lineno - 1], "")
        for number in (n for statement in body for n in self._own_lines(statement)):
            at = self.starts[number - 1]
            if self.raw[at:].startswith(inner.encode()):
                yield _Change(at + len(outer), at + len(inner), "")

    def _own_lines(self, statement: ast.stmt) -> list[int]:
        """Its lines, without those that lie inside a text over several lines."""
        inside = {
            number
            for node in walk(statement)
            if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno is not None
            for number in range(node.lineno + 1, node.end_lineno + 1)
        }
        numbers = range(_first_line(statement), (statement.end_lineno or statement.lineno) + 1)
        return [number for number in numbers if number not in inside]

    def _import(self, text: str) -> Iterator[_Change]:
        body = self.file.tree.body
        wanted = ast.dump(ast.parse(text).body[0])
        imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
        if any(ast.dump(node) == wanted for node in imports):
            return
        documented = (
            body[:1] if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else []
        )
        above = imports or documented
        at = self.starts[above[-1].end_lineno or above[-1].lineno] if above else 0
        if at and not self.raw[:at].endswith(b"\n"):
            raise ValueError("nothing follows the imports")
        yield _Change(at, at, text + self.end)

    def _indent(self, line: int) -> str:
        found = re.match(rb"[ \t]*", self.raw[self.starts[line - 1] :])
        return found[0].decode() if found else ""

    def _indented(self, text: str, indent: str) -> str:
        first, *further = text.split("\n")
        return self.end.join([first, *(indent + line if line else "" for line in further)])

    def _require_own_lines(self, statement: ast.stmt, compound: bool = False) -> None:
        """Refuses a statement that shares its line with another (`a; b`, `if x: y`) or, unless allowed, has a body."""
        first, last = self._span(statement)
        before = self.raw[self.starts[statement.lineno - 1] : first]
        after = self.raw[last : self.starts[statement.end_lineno or statement.lineno]].strip()
        if before.strip() or (after and not after.startswith(b"#")) or (hasattr(statement, "body") and not compound):
            raise ValueError("the statement shares its line")


def _first_line(statement: ast.stmt) -> int:
    """The line where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _siblings(tree: ast.AST, item: ast.AST) -> list[ast.expr | ast.keyword]:
    """The arguments of the call, or the items of the list, that `item` is one of, in their order."""
    for node in walk(tree):
        held: list[ast.expr | ast.keyword] = []
        if isinstance(node, ast.Call):
            held = [*node.args, *node.keywords]
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            held = list(node.elts)
        if any(other is item for other in held):
            return sorted(held, key=lambda n: (n.lineno, n.col_offset))
    raise ValueError("the node is no argument and no item")


def _is_alone(tree: ast.AST, statement: ast.stmt) -> bool:
    """Whether a block consists of this statement only and cannot go without it."""
    for node in walk(tree):
        for block in ("body", "orelse", "finalbody"):
            found = getattr(node, block, None)
            if isinstance(found, list) and statement in found:
                return len(found) == 1 and not isinstance(node, ast.Module)
    return False


def _statement_of(edit: Edit) -> ast.stmt:
    """The innermost simple statement around the edit's node."""
    line = int(getattr(edit.node, "lineno", 0))
    if isinstance(edit.node, ast.stmt):
        return edit.node
    best: ast.stmt | None = None
    for node in walk(edit.file.tree):
        around = isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
        if around and isinstance(node, ast.stmt) and (best is None or node.lineno >= best.lineno):
            best = node
    if best is None:
        raise ValueError("no statement at the edit")
    return best
