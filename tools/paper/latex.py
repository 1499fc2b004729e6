"""LaTeX as blocks, by the tolerant parser of pylatexenc (MIT). Nothing is expanded or run; macros stay as written."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from misrun.tools.paper.document import Block, UnreadablePaper
from misrun.tools.paper.math_text import plain_math

_HEADINGS = frozenset(("section", "subsection", "subsubsection", "chapter", "paragraph", "section*", "subsection*"))
_EQUATIONS = frozenset(
    name + star for name in ("equation", "align", "gather", "multline", "eqnarray", "flalign") for star in ("", "*")
)
_TABLES = frozenset(("tabular", "tabular*", "tabularx", "longtable", "tabulary"))
_UNSEEN = frozenset(("comment", "thebibliography", "filecontents", "filecontents*", "lstlisting", "verbatim"))
_FRAME = re.compile(r"\\(?:begin|end)\{[^{}]*\}|\\\[|\\\]|\$\$|\\nonumber")
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|cline\{[^{}]*\}|cmidrule(?:\([^()]*\))?\{[^{}]*\}|centering)"
)


def latex_blocks(text: str) -> tuple[str, list[Block]]:
    """The title and the blocks; UnreadablePaper where the nesting is deeper than the parser can follow."""
    from pylatexenc.latexwalker import LatexWalker

    try:
        nodes, _, _ = LatexWalker(text, tolerant_parsing=True).get_latex_nodes()
        walk = _Walk(text)
        walk.over(nodes)
        walk.flush()
    except RecursionError as error:
        raise UnreadablePaper("it is nested too deeply to be LaTeX of a paper") from error
    return walk.title, walk.blocks


@dataclass
class _Walk:
    """Collects blocks in reading order; `held` are the pieces of the paragraph so far with their positions."""

    text: str
    title: str = ""
    section: str = ""
    blocks: list[Block] = field(default_factory=list)
    held: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ends = [found.start() for found in re.finditer("\n", self.text)]

    def line(self, position: int) -> int:
        return bisect_right(self._ends, position - 1) + 1

    def over(self, nodes: Any) -> None:
        for node in nodes or ():
            kind = type(node).__name__
            if kind == "LatexMacroNode":
                self._macro(node)
            elif kind == "LatexEnvironmentNode":
                self._environment(node)
            elif kind == "LatexGroupNode":
                self.over(node.nodelist)
            elif kind == "LatexMathNode" and node.displaytype == "display":
                self._equation(node, node.latex_verbatim())
            elif kind != "LatexCommentNode":
                self._words(node)

    def _words(self, node: Any) -> None:
        """Plain words and formulas in the line; an empty line ends the paragraph."""
        position = node.pos
        for index, part in enumerate(re.split(r"(\n[ \t]*\n)", node.latex_verbatim())):
            if index % 2:
                self.flush()
            elif part:
                self.held.append((position, part))
            position += len(part)

    def _macro(self, node: Any) -> None:
        name, verbatim = node.macroname, node.latex_verbatim()
        argument = verbatim[verbatim.find("{") + 1 : verbatim.rfind("}")] if "{" in verbatim else ""
        if name.rstrip("*") in _HEADINGS:
            self.flush()
            self.section = plain_math(argument).strip()
        elif name == "title":
            self.title = plain_math(argument).strip()
        elif name in ("footnote", "caption"):
            held, self.held = self.held, []
            self._plain(node.pos + verbatim.find("{") + 1, argument)
            self.flush()
            self.held = held
        elif name in ("item", "par", "newpage"):
            self.flush()
        elif name in ("cite", "citep", "citet", "label", "ref", "eqref", "bibliography", "input", "include"):
            self.held.append((node.pos, " "))
        else:
            self._plain(node.pos, verbatim)

    def _plain(self, position: int, text: str) -> None:
        if text:
            self.held.append((position, text))

    def _environment(self, node: Any) -> None:
        name = node.environmentname
        if name in _UNSEEN:
            return
        self.flush()
        if name in _EQUATIONS:
            self._equation(node, node.latex_verbatim())
        elif name in _TABLES:
            self._table(node)
        else:
            self.over(node.nodelist)
        self.flush()

    def _equation(self, node: Any, verbatim: str) -> None:
        """A displayed formula is part of its sentence, and a block of its own."""
        self.flush()
        body = _FRAME.sub(lambda m: " " * len(m[0]), verbatim)
        parts = re.split(r"\\\\", body)
        position = node.pos
        for part in parts:
            self._plain(position, part.replace("&", " "))
            self.flush("equation")
            position += len(part) + 2

    def _table(self, node: Any) -> None:
        verbatim = node.latex_verbatim()
        begin = re.match(r"\\begin\{[^{}]*\}(?:\[[^\]]*\])?(?:\{[^{}]*\}){0,2}", verbatim)
        start = begin.end() if begin else 0
        body = verbatim[start : verbatim.rfind("\\end{")]
        header: tuple[str, ...] = ()
        position = node.pos + start
        for part in re.split(r"(\\\\)", body):
            cells = tuple(plain_math(cell).strip() for cell in re.split(r"(?<!\\)&", _RULES.sub("", part)))
            if part != "\\\\" and any(cells):
                header = header or cells
                line = self.line(position + len(part) - len(part.lstrip()) + _rules_before(part))
                self.blocks.append(Block("row", " | ".join(cells), self.section, ((0, line),), None, cells, header))
            position += len(part)

    def flush(self, kind: str = "text") -> None:
        """Ends the paragraph that is held."""
        text, starts = "", []
        for position, piece in _lines(self.held):
            starts.append((len(text), self.line(position)))
            text += plain_math(piece)
        self.held = []
        if text.strip():
            known = "equation" if kind == "equation" else "text"
            self.blocks.append(Block(known, text, self.section, tuple(starts)))  # type: ignore[arg-type]


def _rules_before(part: str) -> int:
    """How many characters of rules stand before the first cell of a row."""
    found = re.match(r"\s*(?:" + _RULES.pattern + r"\s*)+", part)
    return found.end() - (len(part) - len(part.lstrip())) if found else 0


def _lines(held: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The pieces joined where they touch, so that a formula keeps its command, and cut at the ends of lines."""
    joined: list[list[Any]] = []
    for position, piece in held:
        if joined and joined[-1][0] + len(joined[-1][1]) == position:
            joined[-1][1] += piece
        else:
            joined.append([position, piece])
    for position, piece in joined:
        for line in piece.splitlines(keepends=True):
            yield position, line
            position += len(line)
