"""Numbers as programs print them, and the words that stand before them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# A number that is not part of a word, a version or a date: digits with optional thousands commas, fraction, exponent;
# or a spelling of NaN or infinity (`-nan` is what C prints).
_NUMBER = (
    r"[-+]?(?:\d{1,3}(?:,\d{3})++(?:\.\d++)?+(?![\d,])|\d++(?:\.\d*+)?+(?:[eE][-+]?\d++)?+|\.\d++(?:[eE][-+]?\d++)?+"
    r"|(?:nan|NaN|NAN|Nan|inf|Inf|INF|infinity|Infinity)(?![\w/-]))"
)
NUMBER = re.compile(r"(?<![\w@.\-])" + _NUMBER)
_LITERAL = re.compile(_NUMBER)
# tensor(0.5, device='cuda:0'), np.float64(0.5), array(0.5), Array(nan, dtype=float32)
_WRAPPER = re.compile(r"(?:tensor|np\.float\d*|numpy\.float\d*|float|[aA]rray|jnp\.array|DeviceArray|Decimal)\(\[?$")
_UNIT = re.compile(r"%|[A-Za-zµ]+(?:/[A-Za-z]+)?")
# "2.1 GiB": only units that are no names of anything else.
_SPACED_UNIT = re.compile(r" (?:[KMG]i?B|ms|secs?|seconds)(?![\w/])")
_BRACKETED_UNIT = re.compile(r"\s{0,8}\(([A-Za-z%/ ]{1,20})\)$")
_DELIMITERS = re.compile(r"[,;|\t()\[\]{}<>]| - |  +|: |=|(?<=:)(?=[A-Za-z])")
_WORD = re.compile(r"[A-Za-z_]")
# "training accuracy is 0.5"
_COPULA = re.compile(r" (?:is|was|of|at|to)$")
_SEPARATED = re.compile(r"[:=>|'\"]\s{0,40}[\[({]?\s{0,40}$")
_OF = re.compile(r"\s?/\s?(\d[\d,]*)")


class Pair(NamedTuple):
    """A number and the label before it.

    `name` as printed; `unit` the letters behind the number, or those in brackets after the name; `separated` when
    ":" or "=" or like stands between name and number; `start` the number's offset; `of` the number after a slash.
    """

    name: str
    value: float
    unit: str
    separated: bool
    start: int
    of: float | None


def number(text: str) -> float | None:
    """The value of a whole string that is one number, quotes and a percent sign allowed ("91.2%" is 91.2, on the scale
    it was printed in). Otherwise None."""
    bare = text.strip().strip("'\"").rstrip("% ")
    return to_float(bare) if _LITERAL.fullmatch(bare) else None


def to_float(literal: str) -> float:
    """A match of NUMBER as a float."""
    return float(literal.replace(",", ""))


def pairs(text: str) -> Iterator[Pair]:
    """Every labelled number of a line, in order. Numbers without a label of their own (running averages in brackets,
    totals after a slash, the rest of a date) are left out."""
    end = 0
    glued = False
    for found in NUMBER.finditer(text):
        start = found.start()
        label = text[end:start]
        end = found.end()
        if label.rstrip().endswith(("==", "!=", "<=", ">=")):  # a comparison in a condition, not a value
            glued = False
            continue
        wrapped = _WRAPPER.search(label)
        label = label[: wrapped.start()] if wrapped else label
        name, bracketed = _name(label, glued)
        suffix = _UNIT.match(text, end) or _SPACED_UNIT.match(text, end)
        glued = suffix is not None
        if name:
            unit = suffix[0].lstrip() if suffix else bracketed
            of = _OF.match(text, end)
            total = to_float(of[1]) if of else None
            yield Pair(name, to_float(found[0]), unit, _SEPARATED.search(label) is not None, start, total)


def _name(label: str, glued: bool) -> tuple[str, str]:
    """The words of a label that name the number after it (what follows the last delimiter, without the unit of the
    number before), and a unit given in brackets."""
    if glued:
        unit = _UNIT.match(label.lstrip())
        label = label.lstrip() if unit else label
        label = label[unit.end() :] if unit else label
    bare = label.rstrip(":=>| \t'\"[{~≈")
    bracketed = _BRACKETED_UNIT.search(bare)
    bare = (bare[: bracketed.start()] if bracketed else bare).rstrip("(:= ")
    bare = _COPULA.sub("", bare)
    name = _DELIMITERS.split(bare)[-1].strip(" \t'\"*`:.#-")
    return (name if _WORD.search(name) else ""), (bracketed[1] if bracketed else "")
