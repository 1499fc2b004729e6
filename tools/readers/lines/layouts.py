"""Metrics and place of a line, worked out once per layout: a program prints the same line over and over, only its
numbers change."""

import re
from itertools import islice
from typing import NamedTuple

from misrun.tools.readers.lines.metric_words import phase_of, strength, trailing_metric, unit_factor
from misrun.tools.readers.lines.numbers import NUMBER, Pair, pairs, to_float
from misrun.tools.readers.lines.position import Place, Spots, locate
from misrun.tools.readers.lines.settings_text import is_settings_list
from misrun.tools.readers.metric_names import canonical_metric
from misrun.tools.readers.run_record import Phase

_PARTS = re.compile("(" + NUMBER.pattern + ")")
# A line of code or a definition, not a print-out of values.
_CODE = re.compile(
    r"^\s*(?:(?:def|class|import|from|return|if|for|while|with|assert|print|self\.|@|#!)\b|parser\.|[+-]\s+\w+\s*="
    r"|.{0,200}\b(?:lambda|argparse)\b)|^\s{4,40}[A-Za-z_]\w{0,60} = |\)\s*#|:\s*$"
)
_EVAL_HEAD = re.compile(r"^\W{0,4}(?:\S{1,40} ){0,3}?(?:val|valid|validation|eval|evaluation|test|testing)\b", re.I)
# LightGBM: "valid_0's binary_logloss"
_OWNER = re.compile(r"^\w{1,40}'s ")
_SET = re.compile(r" set (?=\S)")  # "Test set loss"
# Blanks in a name; more is a sentence that ends in a number.
_LONGEST_NAME = 3
# The words before a metric that may say "validation": at most the length of a long log line.
_CONTEXT = 400
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
    if text.startswith("wandb:") or _CODE.search(text, 0, 400) or is_settings_list(text):
        return _Layout((), None, False, False)
    index_at = _index_by_offset(parts)
    spots = locate(text)
    place = _place_indices(spots, index_at)
    found = [(pair, name) for pair in islice(pairs(text), _MAX_PAIRS) if (name := _metric_name(pair))]
    alone = any(strength(name) == 2 for _, name in found)
    slots = [_slot(pair, name, text, index_at) for pair, name in found if alone or place is not None]
    is_eval = _EVAL_HEAD.match(text) is not None or all(_is_eval(slot) for slot in slots)
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


def _slot(pair: Pair, name: str, text: str, index_at: dict[int, int]) -> _Slot:
    index = index_at[pair.start]
    of = index + 1 if pair.of is not None and canonical_metric(name)[0] == "accuracy" else None
    return _Slot(
        index, name, phase_of(name, text[max(pair.start - _CONTEXT, 0) : pair.start]), unit_factor(name, pair.unit), of
    )
