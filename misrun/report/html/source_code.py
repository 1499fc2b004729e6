"""Source code and diffs as markup: coloured, and readable without colour."""

from collections.abc import Collection

from pygments import lex
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

from misrun.report.html.cited import Numbered
from misrun.report.html.markup import Html, element, joined

_CLASSES = ((Comment, "tc"), (Keyword, "tk"), (String, "ts"), (Number, "tn"), (Name.Function, "tf"), (Name.Class, "tf"))


def numbered(lines: Numbered, file: str, blamed: Collection[int] = ()) -> Html:
    """Lines with their numbers; blamed ones carry a mark before the number."""
    if not lines:
        return element("p", f"{file} has changed since: it no longer has these lines.", class_="dim")
    coloured = _coloured("\n".join(line for _, line in lines), file)
    rows = [_row(number, line, number in blamed) for (number, _), line in zip(lines, coloured, strict=True)]
    label = f"Lines of {file}"
    return element("pre", *rows, class_="source", tabindex="0", role="group", aria_label=label)


def _row(number: int, line: Html, blamed: bool) -> Html:
    mark = "▶" if blamed else " "
    head = element("span", f"{mark}{number:>5} ", class_="number")
    return element("span", head, line, "\n", class_="blamed" if blamed else None)


def _coloured(source: str, file: str) -> list[Html]:
    """One markup per line of `source`."""
    try:
        lexer = get_lexer_for_filename(file, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return [joined(line) for line in source.split("\n")]
    lines: list[list[Html]] = [[]]
    for kind, value in lex(source, lexer):
        for at, part in enumerate(value.split("\n")):
            if at:
                lines.append([])
            lines[-1].append(_token(kind, part))
    found = [joined(*parts) for parts in lines]
    # A lexer that normalises its input may give another number of lines; then the text goes as it is.
    plain = source.split("\n")
    return found if len(found) == len(plain) else [joined(line) for line in plain]


def _token(kind: _TokenType, value: str) -> Html:
    name = next((name for group, name in _CLASSES if kind in group), None)
    return element("span", value, class_=name) if name and value else joined(value)


def diff(patch: str) -> Html:
    """A unified diff; the signs at the start of the lines say what is added and removed."""
    rows = [element("span", line, "\n", class_=_diff_class(line)) for line in patch.splitlines()]
    return element("pre", *rows, class_="source diff", tabindex="0", role="group", aria_label="Patch as a unified diff")


def _diff_class(line: str) -> str | None:
    if line.startswith(("+++", "---", "@@")):
        return "hunk"
    return {"+": "added", "-": "removed"}.get(line[:1])
