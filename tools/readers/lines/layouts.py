"""Metrics and place of a line, worked out once per layout: a program prints the same line over and over, only its
numbers change."""

import re
from collections.abc import Iterator
from itertools import islice, repeat
from typing import NamedTuple

from misrun.tools.readers.lines.metric_words import is_quantity, phase_of, strength, trailing_metric, unit_factor
from misrun.tools.readers.lines.numbers import NUMBER, Pair, pairs, to_float
from misrun.tools.readers.lines.position import Place, Spots, locate
from misrun.tools.readers.lines.settings_text import is_settings_list
from misrun.tools.readers.lines.speed import speed_of
from misrun.tools.readers.metric_names import canonical_metric
from misrun.tools.readers.run_record import Phase

_PARTS = re.compile("(" + NUMBER.pattern + ")")
# A line of code or a definition, not a print-out of values.
_CODE = re.compile(
    r"^\s*(?:(?:def|class|import|from|return|if|for|while|with|assert|print|self\.|@|#!)\b|parser\.|[+-]\s+\w+\s*="
    r"|.{0,200}\b(?:lambda|argparse)\b)|^\s{4,40}[A-Za-z_]\w{0,60} = |\)\s*#|:\s*$"
)
# Composer (loggers/console_logger.py): "[epoch=1][batch=20/500]:" above its metrics.
_PLACE_TITLE = re.compile(r"\s{0,8}(?:\[\w{1,20}=\d{1,12}(?:/\d{1,12})?\]){1,4}:\s{0,8}")
_EVAL_HEAD = re.compile(r"^\W{0,4}(?:\S{1,40} ){0,3}?(?:val|valid|validation|eval|evaluation|test|testing)\b", re.I)
# LightGBM: "valid_0's binary_logloss"
_OWNER = re.compile(r"^\w{1,40}'s ")
# "Accuracy of the network on the 10000 test images: 54 %"
_DESCRIBED = re.compile(
    r"^\W{0,4}(?P<name>(?:(?:test|validation|val|final|training|train|overall|average|mean) )?"
    r"(?:accuracy|acc|loss|f1|auc))"
    r"(?P<what> (?:of|on|over|for|in) [^:=|]{1,100})[:=]\s{0,8}(?P<value>[\d.]+)\s?%?\s*$",
    re.I,
)
_DATA = re.compile(r"\b(?:images|samples|examples|rows|sequences|sentences|records|set|split|data|batches)\b", re.I)
_HELD_OUT = re.compile(r"\b(?:test|testing|val|valid|validation|eval|evaluation|unseen|held[- ]out|holdout)\b", re.I)
_SET = re.compile(r" set (?=\S)")  # "Test set loss"
# The fraction tells measured values from counts of files, rows or seeds.
_QUANTITIES = re.compile(
    r"[\])]?[\s:|,;\-]{1,12}(?:[A-Za-z_][\w./()-]{0,60}\s?[:=]\s{0,8}[-+]?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|nan|NaN|-?inf)"
    r"(?:\s{0,4}[|,;]\s{0,4}|\s{1,8}|$)){2,40}"
)
# Blanks in a name; more is a sentence that ends in a number.
_LONGEST_NAME = 3
# The words before a metric that may say "validation": at most the length of a long log line.
_CONTEXT = 400
_DIGITS = re.compile(r"\d+")
# More numbers on one line are a printed array.
_MAX_PAIRS = 500
# A program has some hundred layouts; text with more is no log of metrics.
_MAX_LAYOUTS = 20_000


class Value(NamedTuple):
    """One metric of a line; `phase` None leaves the phase to the name."""

    name: str
    value: float
    phase: Phase | None


class _Slot(NamedTuple):
    """`place` says which number of the line is a metric; `of` which one it is a part of ("Accuracy: 9832/10000")."""

    place: int
    name: str
    phase: Phase | None
    factor: float
    of: int | None


class _Layout(NamedTuple):
    slots: tuple[_Slot, ...]
    place: tuple[int | None, int | None, int | None, int | None] | None
    within: bool
    is_eval: bool


class Reading(NamedTuple):
    """What a line says: its metrics, where in training it stands, and whether it reports an evaluation."""

    values: list[Value]
    place: Place | None
    is_eval: bool


class Template:
    """The lines of one layout as a pattern over bytes: their numbers and nothing else may differ.

    Every number keeps its form (digits for digits), so that a line that fits is read as the first one was.
    """

    def __init__(self, layout: _Layout, parts: list[str]) -> None:
        self._layout = layout
        wanted = _wanted(layout)
        order = sorted(wanted)
        self._group = {place: group for group, place in enumerate(order)}
        body = "".join(_form(part, index, wanted) for index, part in enumerate(parts))
        self._pattern = re.compile(f"^{body}$".encode(), re.MULTILINE)
        self.is_eval = layout.is_eval
        self.within = layout.within
        self.places = layout.place

    def columns(self, lines: list[bytes]) -> list[list[float]] | None:
        """The numbers that matter of all lines, one list a number; None when a line does not fit."""
        found = self._pattern.findall(b"\n".join(lines))
        if len(found) != len(lines):
            return None
        if len(self._group) == 1:
            return [list(map(float, found))]
        return [list(map(float, column)) for column in zip(*found, strict=True)]

    def values(self, columns: list[list[float]]) -> Iterator[tuple[str, list[float], Phase | None]]:
        """Name, values and phase of each metric."""
        for slot in self._layout.slots:
            values = columns[self._group[slot.place]]
            yield slot.name, values if slot.factor == 1.0 else [value * slot.factor for value in values], slot.phase

    def only_steps(self, columns: list[list[float]]) -> list[float] | None:
        """The steps of lines that tell nothing else of their place; None for others."""
        epoch, epochs, step, of = self.places or (None,) * 4
        alone = step is not None and epoch is None and epochs is None and of is None and not self.within
        return columns[self._group[step]] if alone and step is not None else None

    def place(self, columns: list[list[float]]) -> Iterator[Place]:
        """Where each line stands."""
        spots = [repeat(None) if p is None else columns[self._group[p]] for p in self.places or (None,) * 4]
        for epoch, epochs, step, of in zip(*spots, strict=False):
            yield Place(epoch, epochs, step, of, self.within)


def _wanted(layout: _Layout) -> set[int]:
    """The numbers of a line that are read."""
    return {slot.place for slot in layout.slots} | {place for place in (layout.place or ()) if place is not None}


def _form(part: str, index: int, wanted: set[int]) -> str:
    if index % 2 == 0:
        return re.escape(part)
    digits = _DIGITS.sub(r"\\d+", re.escape(part))
    return f"({digits})" if index // 2 in wanted else digits


class Layouts:
    """Remembers the layouts of one log by the text between their numbers."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], _Layout] = {}

    def read(self, text: str) -> Reading:
        parts = _PARTS.split(text)
        key = tuple(parts[::2])
        layout = self._known.get(key)
        if layout is None:
            layout = _layout(text, parts)
            if len(self._known) < _MAX_LAYOUTS:
                self._known[key] = layout
        numbers = parts[1::2]
        values = [_value(slot, numbers) for slot in layout.slots]
        return Reading(values, _place(layout, numbers), layout.is_eval)

    def template(self, text: str) -> Template | None:
        """The pattern of a line; None where equal forms could be read differently (thousands
        commas in what is read, shares such as 9832/10000) or nothing is to be read."""
        self.read(text)
        parts = _PARTS.split(text)
        layout = self._known.get(tuple(parts[::2]))
        if layout is None or not layout.slots or any(slot.of is not None for slot in layout.slots):
            return None
        if any("," in parts[2 * place + 1] or "," in parts[2 * place : 2 * place + 3 : 2] for place in _wanted(layout)):
            return None
        return Template(layout, parts)


def _value(slot: _Slot, numbers: list[str]) -> Value:
    value = to_float(numbers[slot.place]) * slot.factor
    if slot.of is not None:
        total = to_float(numbers[slot.of])
        value = value / total if 0 < value <= total else value
    return Value(slot.name, value, slot.phase)


def _place(layout: _Layout, numbers: list[str]) -> Place | None:
    if layout.place is None:
        return None
    epoch, epochs, step, of = (None if index is None else to_float(numbers[index]) for index in layout.place)
    return Place(epoch, epochs, step, of, layout.within)


def _layout(text: str, parts: list[str]) -> _Layout:
    """W&B repeats history and summary at the end without steps; code and settings are no metrics."""
    code = _CODE.search(text, 0, 400) and not _PLACE_TITLE.fullmatch(text)
    if text.startswith("wandb:") or code or is_settings_list(text):
        return _Layout((), None, False, False)
    index_at = _index_by_offset(parts)
    spots = locate(text)
    place = _place_indices(spots, index_at)
    labelled = [(pair, _metric_name(pair)) for pair in islice(pairs(text), _MAX_PAIRS)]
    alone = any(strength(name) == 2 for _, name in labelled if name)
    own = spots is not None and place is not None and not alone and _only_quantities(text, spots)
    if (alone or own) and spots is not None and place is not None:
        labelled = [(pair, name or _other_name(pair, spots)) for pair, name in labelled]
    found = [(pair, name) for pair, name in labelled if name and (alone or place is not None)]
    slots = [_slot(pair, name, text, index_at) for pair, name in found] or _described(text, index_at)
    is_eval = _EVAL_HEAD.match(text) is not None or all(_is_eval(slot) for slot in slots)
    if slots and place is not None and not is_eval:
        slots += _speed(text, index_at, {slot.place for slot in slots})
    return _Layout(tuple(slots), place, spots.within if spots else False, is_eval)


def _is_eval(slot: _Slot) -> bool:
    return (slot.phase or canonical_metric(slot.name)[1]) == "eval"


def _index_by_offset(parts: list[str]) -> dict[int, int]:
    """Offset in the line -> index of the number that begins there."""
    index_at: dict[int, int] = {}
    offset = 0
    for position, part in enumerate(parts):
        if position % 2:
            index_at[offset] = position // 2
        offset += len(part)
    return index_at


def _place_indices(
    spots: Spots | None, index_at: dict[int, int]
) -> tuple[int | None, int | None, int | None, int | None] | None:
    """None also for a place written inside a word ("ckpt_epoch3"): that names something else."""
    if spots is None:
        return None
    epoch, epochs, step, of = (None if spot is None else index_at.get(spot[0], -1) for spot in spots[:4])
    if epoch == -1 or step == -1:
        return None
    return epoch, None if epochs == -1 else epochs, step, None if of == -1 else of


def _metric_name(pair: Pair) -> str:
    """The name of a metric, or "" for a number that is none."""
    name = _SET.sub(" ", _OWNER.sub("", pair.name))
    # "v_num: abc val_loss: 1.4": an identifier is a name by itself, whatever word stands before it.
    if not pair.separated or name.count(" ") > _LONGEST_NAME or (" " in name and "_" in name.rsplit(" ", 1)[-1]):
        name = trailing_metric(name)
    return name if name and strength(name) else ""


def _only_quantities(text: str, spots: Spots) -> bool:
    """Whether a line holds nothing behind its place but two or more "name: 0.3": "[50/1500] D: 0.332 G: 1.630"."""
    end = max(spot[1] for spot in spots[:4] if spot is not None)
    return _QUANTITIES.fullmatch(text, end) is not None


def _other_name(pair: Pair, spots: Spots) -> str:
    """The name of a quantity of the program's own, behind the place of a line that carries a metric; or ""."""
    counts = [spot for spot in spots[:4] if spot is not None]
    behind = pair.start > counts[0][0] and all(pair.start != start for start, _ in counts)
    return pair.name if behind and pair.of is None and is_quantity(pair.name, pair.separated) else ""


def _described(text: str, index_at: dict[int, int]) -> list[_Slot]:
    """A result whose name says what it was measured on, with the size of that in it."""
    match = _DESCRIBED.match(text)
    index = index_at.get(match.start("value")) if match else None
    if match is None or index is None or not _DATA.search(match["what"]):
        return []
    phase: Phase | None = "eval" if _HELD_OUT.search(match["what"]) else None
    return [_Slot(index, match["name"], phase, 1.0, None)]


def _speed(text: str, index_at: dict[int, int], taken: set[int]) -> list[_Slot]:
    """How fast the steps of the line were, where it says so without a name."""
    speed = speed_of(text)
    index = index_at.get(speed.offset) if speed else None
    if speed is None or index is None or index in taken:
        return []
    return [_Slot(index, speed.name, None, speed.factor, None)]


def _slot(pair: Pair, name: str, text: str, index_at: dict[int, int]) -> _Slot:
    index = index_at[pair.start]
    of = index + 1 if pair.of is not None and canonical_metric(name)[0] == "accuracy" else None
    return _Slot(
        index, name, phase_of(name, text[max(pair.start - _CONTEXT, 0) : pair.start]), unit_factor(name, pair.unit), of
    )
