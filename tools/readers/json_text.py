"""JSON as training tools write it, with the line of every value.

The standard parser tells no line numbers, refuses a whole file for a missing last bracket, and recurses. This scanner
walks the text once, keeps what precedes damage, and bounds depth and number of values.
"""

import re
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in typeshed, public since Python 2.6
from typing import NamedTuple

from misrun.tools.readers.run_record import Scalar

Path = tuple[str | int, ...]
# Real configurations nest below 12; every deeper level is data or an attack on the reader.
MAX_DEPTH = 64

_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORDS: dict[str, Scalar] = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "nan": float("nan"),
    "-NaN": float("nan"),
    "-nan": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
    "inf": float("inf"),
    "-inf": float("-inf"),
}
_AFTER_NUMBER = frozenset(",]} \t\r\n")
_WORD = re.compile(r"-?[A-Za-z]{2,8}")


class Leaf(NamedTuple):
    """One scalar: where it sits in the document, its value, and its line (from 1)."""

    path: Path
    value: Scalar
    line: int


class JsonDamageError(ValueError):
    """The text stops being JSON here; the leaves before are good."""


def leaves(text: str, first_line: int = 1) -> Iterator[Leaf]:
    """Every scalar of the document in order, without recursion.

    Raises JsonDamageError, after the good leaves, where the text ends early, nests deeper than MAX_DEPTH, or is not
    JSON. Bare NaN and Infinity are values, as Python's json module writes them.
    """
    scanner = _Scanner(text, first_line)
    stack: list[_Container] = []
    while True:
        if stack and not stack[-1].next_key(scanner):
            stack.pop()
            if not stack:
                return
            continue
        opening = scanner.peek()
        if opening in "{[":
            if len(stack) >= MAX_DEPTH:
                raise JsonDamageError(f"nested deeper than {MAX_DEPTH} at line {scanner.line}")
            scanner.skip(opening)
            stack.append(_Container(opening == "{"))
            continue
        yield Leaf(tuple(container.key for container in stack), scanner.scalar(), scanner.line)
        if not stack:
            return


class _Scanner:
    """A position in the text and its line number."""

    def __init__(self, text: str, first_line: int) -> None:
        self.text = text
        self.at = 0
        self.line = first_line

    def peek(self) -> str:
        """The next character that is not space."""
        end = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # the pattern matches the empty string
        self.line += self.text.count("\n", self.at, end)
        self.at = end
        if end >= len(self.text):
            raise JsonDamageError(f"ends early at line {self.line}")
        return self.text[end]

    def skip(self, expected: str) -> None:
        if self.peek() != expected:
            raise JsonDamageError(f"{expected!r} expected at line {self.line}")
        self.at += 1

    def string(self) -> str:
        self.skip('"')
        try:
            value, end = scanstring(self.text, self.at, False)
        except ValueError as error:
            raise JsonDamageError(f"unfinished text at line {self.line}") from error
        self.at = end
        return str(value)

    def scalar(self) -> Scalar:
        if self.peek() == '"':
            return self.string()
        word = _WORD.match(self.text, self.at)
        if word and word[0] in _WORDS:
            self.at = word.end()
            return _WORDS[word[0]]
        return self._number()

    def _number(self) -> int | float:
        number = _NUMBER.match(self.text, self.at)
        # A number that touches the end of the text, or stops before "e+", may have lost digits.
        whole = number is not None and (not self.at or self.text[number.end() : number.end() + 1] in _AFTER_NUMBER)
        if number is None or not whole:
            raise JsonDamageError(f"no value at line {self.line}")
        self.at = number.end()
        digits = number[0].lstrip("-")
        if digits.isdigit() and len(digits) < 20:  # 64-bit integers; longer ones cost quadratic time
            return int(number[0])
        return float(number[0])


class _Container:
    """An open object or array, and the key of the value it stands at."""

    def __init__(self, is_object: bool) -> None:
        self.is_object = is_object
        self.key: str | int = -1
        self._started = False

    def next_key(self, scanner: _Scanner) -> bool:
        """Move to the next value; false when the container closes here."""
        if scanner.peek() == ("}" if self.is_object else "]"):
            scanner.at += 1
            return False
        if self._started:
            scanner.skip(",")
        self._started = True
        if self.is_object:
            self.key = scanner.string()
            scanner.skip(":")
        else:
            self.key = int(self.key) + 1
        return True
