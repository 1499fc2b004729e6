"""Jupyter notebooks: code, settings in it, and what its cells printed, tabulated or died of.

Format: nbformat 4 (nbformat.readthedocs.io/en/latest/format_description.html).
"""

import html
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import zip_longest

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.json_text import Leaf, leaves
from misrun.tools.readers.metric_table import MetricTable, looks_like_metrics
from misrun.tools.readers.python_code import read_code, read_source
from misrun.tools.readers.reader import Source
from misrun.tools.readers.scattered_text import read_scattered

# Pictures are most of a large notebook; parsing takes about a second per 5 MB.
_MAX_BYTES = 64 * 2**20
_MAGIC = re.compile(r"^\s*[!%?]|^\s*[\w.]{1,100}\?{1,2}\s*$")
_PRINTED = frozenset(("text", "traceback", "text/plain"))
_TABLE_PART = re.compile(r"<(table|tr|th|td)\b[^>]{0,200}>|</(table|tr)>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,200}>")


class Notebook:
    """Every setting, point and event cites the line of the notebook file on which it stands."""

    name = "notebook"

    def sniff(self, source: Source) -> bool:
        return source.name.lower().endswith(".ipynb") and b"\0" not in source.head

    def read(self, source: Source, run: RunBuilder) -> None:
        if source.bytes > _MAX_BYTES:
            run.skip(source.name, f"{source.bytes // 2**20} MB: clear its pictures to have it read")
            return
        found: list[Leaf] = []
        try:
            for leaf in leaves(read_code(source, run)):
                if leaf.path[:1] == ("cells",) and len(leaf.path) > 2:
                    found.append(leaf)  # noqa: PERF401 - what precedes damage is kept
        except ValueError as error:
            run.note(f"{source.name}: the notebook is not complete ({error})")
        _read_cells(found, source.name, run)
        _read_output(found, source.name, run)
        _read_tables(found, source.name, run)


def _read_cells(found: Iterable[Leaf], file: str, run: RunBuilder) -> None:
    """All code cells as one module, magics blanked out."""
    kinds: dict[object, object] = {}
    sources: dict[object, list[Leaf]] = defaultdict(list)
    for leaf in found:
        if leaf.path[2] == "cell_type":
            kinds[leaf.path[1]] = leaf.value
        elif leaf.path[2] == "source":
            sources[leaf.path[1]].append(leaf)
    code: list[str] = []
    lines: list[int] = []
    for cell, parts in sources.items():
        if kinds.get(cell) != "code" or str(parts[0].value).startswith("%%"):
            continue
        for part in parts:
            rows = str(part.value).rstrip("\n").split("\n")
            code += ["pass" if _MAGIC.match(row) else row for row in rows]
            lines += [part.line] * len(rows)
    if code:
        read_source("\n".join(code), lines, file, run)


def _read_output(found: Iterable[Leaf], file: str, run: RunBuilder) -> None:
    """What was printed, and tracebacks, each piece on the line where it stands in the notebook."""
    printed: dict[int, list[str]] = defaultdict(list)
    for leaf in found:
        path = leaf.path
        if path[2] == "outputs" and any(part in _PRINTED for part in path[4:6]) and isinstance(leaf.value, str):
            printed[leaf.line] += leaf.value.rstrip("\n").split("\n")
    read_scattered(printed, file, run)


def _read_tables(found: Iterable[Leaf], file: str, run: RunBuilder) -> None:
    """Tables of training progress that the Trainer and fastai draw in place of printing."""
    outputs: dict[tuple[object, ...], list[Leaf]] = defaultdict(list)
    for leaf in found:
        if leaf.path[2] == "outputs" and "text/html" in leaf.path and isinstance(leaf.value, str):
            outputs[leaf.path[:4]].append(leaf)
    for parts in outputs.values():
        _read_table(parts, file, run)


def _read_table(parts: list[Leaf], file: str, run: RunBuilder) -> None:
    header: list[str] = []
    row: list[tuple[str, int]] = []
    with MetricTable(file, run) as table:
        for kind, text, line in _table_cells(parts):
            if kind == "th":
                header.append(text)
            elif kind == "td":
                row.append((text, line))
            elif kind == "table":
                header, row = [], []
            else:
                if row and looks_like_metrics(header):
                    names = header[-len(row) :]  # pandas heads its index with an empty cell
                    cells = dict(zip(names, row, strict=False))
                    table.row(
                        {name: cell[0] for name, cell in cells.items()}, {name: cell[1] for name, cell in cells.items()}
                    )
                row = []


def _table_cells(parts: list[Leaf]) -> Iterable[tuple[str, str, int]]:
    """Opening cells with their text, and the ends of rows, in order, with the notebook line."""
    for part in parts:
        text = str(part.value)
        marks = list(_TABLE_PART.finditer(text))
        for mark, following in zip_longest(marks, marks[1:]):
            kind = (mark[1] or mark[2]).lower()
            inner = text[mark.end() : following.start() if following else len(text)]
            if mark[1] and kind in ("th", "td"):
                yield kind, html.unescape(_TAG.sub("", inner)).strip(), part.line
            elif mark[1] and kind == "table":
                yield "table", "", part.line
            elif mark[2] and kind == "tr":
                yield "row", "", part.line
