"""Metrics in tables: Stable-Baselines boxes, a header line above rows of numbers (YOLO, notebook and markdown tables).

Shapes: stable_baselines3/common/logger.py (HumanOutputFormat), ultralytics/engine/trainer.py (progress_string), the
Trainer's notebook table (transformers/utils/notebook.py) as it looks when it is pasted.
"""

import re

from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.metric_words import in_standard_unit, strength
from misrun.tools.readers.lines.numbers import NUMBER, number
from misrun.tools.readers.lines.position import Mark, Place

_BOX_ROW = re.compile(r"^\s?\| {1,8}(?P<name>[\w/.@ -]{1,80}?)\s{0,60}\| (?P<value>[-+\w.,]{1,30})\s{0,60}\|\s*$")
_BOX_HEAD = re.compile(r"^\s?\| (?P<group>[\w.-]{1,60})/ {0,60}\|\s{0,60}\|\s*$")
_RULE = re.compile(r"^\s?[-=+]{5,}\s*$|^\|[-:| ]{4,}\|?\s*$")
_BOX_STEPS = ("total_timesteps", "serial_timesteps", "iterations", "nupdates", "global_step", "step", "epoch")
_POSITION_NAMES = {
    "step": "step",
    "steps": "step",
    "iter": "step",
    "iteration": "step",
    "epoch": "epoch",
    "global_step": "step",
}
_CELL_UNIT = re.compile(r"^([-+]?[\d.]+|nan|inf)([A-Za-z]{0,3})$")
# A box is short; a longer one is a dump of something else.
_MAX_BOX = 200
_MAX_COLUMNS = 60


class Table:
    """Collects a box until its closing rule; remembers a header until a row no longer fits it."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._box: dict[str, tuple[float, int]] = {}
        self._group = ""
        self._columns: list[str] = []
        self._row: tuple[list[str], Line] | None = None

    @property
    def busy(self) -> bool:
        return bool(self._box or self._columns)

    def feed(self, line: Line) -> bool:
        text = line.body
        if text.lstrip()[:1] in ("|", "-", "=", "+") and self._box_line(text, line):
            return True
        return self._columned(text, line)

    def close(self) -> None:
        self._close_box()
        self._close_row()

    def _box_line(self, text: str, line: Line) -> bool:
        if head := _BOX_HEAD.match(text):
            self._group = head["group"] + "/"
            return True
        row = _BOX_ROW.match(text)
        value = number(row["value"]) if row else None
        if row and value is not None and len(self._box) < _MAX_BOX:
            indented = text.lstrip(" |")  # rows of a group stand four spaces in
            name = self._group + row["name"] if self._group and text.startswith("|    ") else row["name"]
            if indented:
                self._box[name] = (value, line.number)
            return True
        if _RULE.match(text) and self._box:
            self._close_box()
            return True
        return bool(row and self._box)

    def _close_box(self) -> None:
        box, self._box, self._group = self._box, {}, ""
        last = {name.rsplit("/", 1)[-1]: value for name, (value, _) in box.items()}
        step = next((last[name] for name in _BOX_STEPS if name in last), None)
        known = step is not None or any(strength(name) == 2 for name in box)
        if len(box) < 2 or not known:
            return
        first_line = next(iter(box.values()))[1]
        mark = self._context.progress.advance(Place(step=step), first_line) if step is not None else None
        for name, (value, number_) in box.items():
            if name.rsplit("/", 1)[-1] not in _BOX_STEPS:
                self._context.points.add(name, value, number_, mark)

    def _columned(self, text: str, line: Line) -> bool:
        cells = _cells(text)
        if self._columns:
            if (len(cells) >= len(self._columns) or _short(text, cells)) and self._row_values(cells, line):
                return True
            if _RULE.match(text) or not text.strip():
                return bool(self._columns and _RULE.match(text))
        header = _header(cells)
        if header:
            self._close_row()
            self._columns = header
            return True
        self._close_row()
        self._columns = []
        return False

    def _row_values(self, cells: list[str], line: Line) -> bool:
        values = [_cell(cell) for cell in cells[: len(self._columns)]]
        if values[0] is None or sum(value is not None for value in values) < 2:
            return False
        place = self._context.progress
        kept = self._row
        if kept and kept[0][0] != cells[0]:
            self._close_row()
        self._row = (cells, line)
        place.line = line.number
        return True

    def _close_row(self) -> None:
        """Writes the last state of a row: YOLO redraws one row many times."""
        if self._row is None:
            return
        (cells, line), self._row = self._row, None
        mark = self._mark(cells[0], line)
        for name, cell in zip(self._columns[1:], cells[1:], strict=False):
            value = _cell(cell)
            if value is not None and name.lower() not in ("epoch", "step", "instances", "size", "time"):
                unit = _CELL_UNIT.match(cell)
                self._context.points.add(
                    name, in_standard_unit(name, value, unit[2] if unit else ""), line.number, mark
                )

    def _mark(self, cell: str, line: Line) -> Mark:
        value = _cell(cell) or 0.0
        total = cell.partition("/")[2]
        if _POSITION_NAMES[self._columns[0].lower()] == "step":
            return self._context.progress.advance(Place(step=value), line.number)
        return self._context.progress.advance(Place(epoch=value, epochs=number(total) if total else None), line.number)


def _cells(text: str) -> list[str]:
    bare = text.strip()
    if "|" in bare and "%|" not in bare:
        return [cell.strip() for cell in bare.strip("|").split("|")][:_MAX_COLUMNS]
    if "," in bare and " " not in bare:
        return bare.split(",")[:_MAX_COLUMNS]
    if "\t" in bare:
        return [cell.strip() for cell in bare.split("\t")][:_MAX_COLUMNS]
    if "  " in bare:
        return re.split(r" {2,}", bare)[:_MAX_COLUMNS]
    return bare.split(" ")[:_MAX_COLUMNS]


def _short(text: str, cells: list[str]) -> bool:
    """A row whose last columns are empty: between tabs the others still stand under their own names."""
    return "\t" in text and len(cells) >= 2


def _header(cells: list[str]) -> list[str]:
    """The column names when this is a header: first a place in training, then at least one metric, no numbers."""
    if len(cells) < 2 or cells[0].lower() not in _POSITION_NAMES or any(NUMBER.search(cell) for cell in cells):
        return []
    if cells[1:3] == ["Training", "Loss"]:  # a notebook table pasted with single spaces
        cells = _joined(cells)
    return cells if any(strength(name) == 2 for name in cells[1:]) else []


def _joined(cells: list[str]) -> list[str]:
    joined: list[str] = []
    for cell in cells:
        if joined and joined[-1] in ("Training", "Validation"):
            joined[-1] += " " + cell
        else:
            joined.append(cell)
    return joined


def _cell(cell: str) -> float | None:
    match = _CELL_UNIT.match(cell.split("/")[0].strip("`* "))
    return number(match[1]) if match else number(cell)
