"""Private keys between their markers, over the lines of a file or a log."""

import re
from typing import Protocol

MARKER = "PRIVATE KEY"
# RFC 7468, section 3; "PGP PRIVATE KEY BLOCK" is RFC 4880, section 6.2.
_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
# The end of a line: base64, in JSON and code with its line ends written out, then a program's quotes and commas. What
# a logger has written before it is apart by a space.
_BODY = re.compile(r"(?:\\[nr]){0,2}[A-Za-z0-9+/=_-]{4,8192}(?:\\[nr][A-Za-z0-9+/=_-]{0,8192}){0,300}$")
_AFTER_BODY = "\"',+)\\ \t\r"
# RFC 1421 and RFC 4880 put headers before the body.
_HEADER = re.compile(r"(?:Proc-Type|DEK-Info|Version|Comment): ")
_WORD = re.compile(r"[A-Za-z0-9+/=_-]{16,8192}")
# A key of 16,384 bits has 200 lines of 64 characters.
MOST_LINES = 250


class Replace(Protocol):
    """What stands in the place of one key. `first` is the first piece of its body, `pieces` are those at hand."""

    def __call__(self, first: str, pieces: list[str]) -> str: ...


class PrivateKeys:
    """Takes the lines of one text in order. The markers stay: they tell a reader what was there."""

    def __init__(self, replace: Replace) -> None:
        self._replace = replace
        self._left = 0
        self._first = ""

    def line(self, line: str) -> str:
        """The line without what belongs to the body of a key."""
        if not self._left and MARKER not in line:
            return line
        shown, at = ("", 0) if self._left else self._to_body(line, 0)
        while self._left:
            end = _END.search(line, at)
            if end is None:
                return shown + self._without_body(line[at:])
            shown += self._without_body(line[at : end.start()]) + end[0]
            self._left = 0
            more, at = self._to_body(line, end.end())
            shown += more
        return shown + line[at:]

    def _to_body(self, line: str, at: int) -> tuple[str, int]:
        """What stands up to the body of the next key of the line, and where that begins; nothing without one."""
        begin = _BEGIN.search(line, at)
        if begin is None:
            return "", at
        self._left, self._first = MOST_LINES, ""
        return line[at : begin.end()], begin.end()

    def _without_body(self, text: str) -> str:
        """A line that cannot belong to a key ends it, so that a lost end marker costs no more than the key."""
        self._left -= 1
        if not text.strip() or _HEADER.search(text):
            return text
        kept = text.rstrip(_AFTER_BODY)
        body = re.split(r"[\s\"']", kept)[-1]
        if _BODY.match(body) is None:
            self._left = 0
            return text
        pieces = _WORD.findall(body.replace("\\n", " "))
        if not pieces and not self._first:
            return text
        self._first = self._first or pieces[0]
        return kept[: len(kept) - len(body)] + self._replace(self._first, pieces) + text[len(kept) :]
