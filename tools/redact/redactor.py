"""Takes secrets, and on request private names, out of what was read, before anybody else gets to see it.

Expressions over every byte of a log would cost more than reading it (one alternation of the prefixes takes 77 ms/MiB,
looking for twelve of them as plain bytes 7 ms/MiB, reading a plain log 8 ms/MiB; measured with timeit), so it is the
record of a run that is redacted, and every text on its way to an index, a prompt, a report or a file of misrun's own.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from misrun.tools.record_texts import with_texts
from misrun.tools.redact.entropy import random_words
from misrun.tools.redact.names import is_secret_value, kind_of, named_values
from misrun.tools.redact.patterns import PATTERNS, Pattern
from misrun.tools.redact.private_keys import MARKER, PrivateKeys
from misrun.tools.redact.private_names import Place, Private, folders, hosts, users

Item = TypeVar("Item")

# "token=" alone has as many characters.
_SHORTEST = 6
# A password of fewer characters is a word that stands in many places by chance.
_SHORTEST_KNOWN = 8
_PLACEHOLDER = re.compile(r"\[redacted:([a-z0-9-]{1,40})#(\d{1,6})\]")
# In a long text, vendors' prefixes are looked for in its long words only: a tenth of it.
_LONG = 4_096
_LONG_WORD = 15
# An account or a machine is also known by its bare name from then on; a folder is not.
_KNOWN_NAMES = ("user", "host")
_PRIVATE_KINDS = (*_KNOWN_NAMES, "path")
# Values that a name beside them told.
_NAMED = ("password", "token", "key", "secret")


class Redactor:
    """One per investigation, so that a value has the same placeholder everywhere in it: `[redacted:github-token#1]`.

    `private` names what else is taken out. Line breaks stay where they are. `files` are the run's own file names,
    relative to its folder; the end of a path that names one of them is no private part of it.
    """

    def __init__(self, private: Collection[Private] = (), files: Iterable[str] = ()) -> None:
        self.private = frozenset(private)
        self.files = set(files)
        self._placeholders: dict[tuple[str, str], str] = {}
        self._known: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def secrets(self) -> dict[str, int]:
        """How many different secrets of each kind were taken out."""
        return {kind: count for kind, count in sorted(self._counts.items()) if kind not in _PRIVATE_KINDS}

    def summary(self) -> str:
        """One sentence for the report, or nothing."""
        total = sum(self.secrets.values())
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.secrets.items())
        return f"{total} secret{'s were' if total > 1 else ' was'} redacted ({kinds})." if total else ""

    def text(self, text: str) -> str:
        """The text without secrets, and without halves of characters (JSON can hold them), which no file can."""
        if not text.isascii():
            text = text.encode("utf-8", "replace").decode("utf-8")
        if len(text) < _SHORTEST:
            return text
        if MARKER in text:
            text = "\n".join(map(self.lines(), text.split("\n")))
        text = self._shapes(text)
        if "paths" in self.private:  # while they are whole: names that are known by now are parts of them
            text = self._cut(text, folders(text, self.files))
        text = self._again(text)
        return self._again(self._private(text)) if self.private else text

    def restored(self, text: str | None) -> str | None:
        """A patch as it applies to the file; for the sandbox only. Keys of several lines stay out."""
        for (_, value), placeholder in self._placeholders.items() if text else ():
            text = (text or "").replace(placeholder, value)
        return text

    def lines(self) -> Callable[[str], str]:
        """For the lines of one text in order: a function that takes the body of a private key out of each."""
        return PrivateKeys(self._key).line

    def setting(self, name: str, value: Any) -> None:
        """Learn the value of a setting whose name says that it is a secret."""
        if is_secret_value(name, value):
            self._placeholder(kind_of(name), str(value), contextual=True)

    def host(self, name: str) -> None:
        """Learn the name of a machine."""
        if "hosts" in self.private and len(name) > 2:
            self._placeholder("host", name)

    def item(self, item: Item) -> Item:
        """A record, or containers of records and texts, without secrets; the very same object where there are none."""
        known = -1
        while known < len(self._known):  # what is learned from its last part may stand in its first
            known = len(self._known)
            item = with_texts(item, self.text)
        return item

    def _shapes(self, text: str) -> str:
        lowered = text.lower()
        words = text if len(text) < _LONG else " ".join(word for word in text.split() if len(word) >= _LONG_WORD)
        for pattern in PATTERNS:
            where = lowered if pattern.folded else words
            if any(anchor in where for anchor in pattern.anchors):
                text = pattern.expression.sub(partial(self._replaced, pattern), text)
                lowered = text.lower()
        return self._cut(
            text, ((value.first, value.last, kind_of(value.name)) for value in named_values(text, lowered))
        )

    def _replaced(self, pattern: Pattern, found: "re.Match[str]") -> str:
        start, end = found.start("value") - found.start(), found.end("value") - found.start()
        if not is_secret_value("", found["value"]):
            return found[0]
        placeholder = self._placeholder(pattern.kind, found["value"], contextual=pattern.contextual)
        return found[0][:start] + placeholder + found[0][end:]

    def _again(self, text: str) -> str:
        """Values without a shape of their own, wherever else they stand."""
        for value, placeholder in list(self._known.items()):
            if value in text:
                text = _whole(value).sub(placeholder, text)
        return text

    def _private(self, text: str) -> str:
        if "entropy" in self.private:
            text = self._cut(text, random_words(text))
        if "users" in self.private:
            text = self._cut(text, users(text))
        if "hosts" in self.private:
            text = self._cut(text, hosts(text))
        return text

    def _cut(self, text: str, places: Iterable[Place]) -> str:
        shown, at = "", 0
        for first, last, kind in sorted(set(places)):
            if first >= at:
                shown += text[at:first] + self._placeholder(kind, text[first:last], contextual=kind in _NAMED)
                at = last
        return shown + text[at:]

    def _key(self, first: str, pieces: list[str]) -> str:
        placeholder = self._placeholder("private-key", first)
        for piece in pieces:
            self._known.setdefault(piece, placeholder)
        return placeholder

    def _placeholder(self, kind: str, value: str, *, contextual: bool = False) -> str:
        if known := _PLACEHOLDER.fullmatch(value):
            return known[0]
        with self._lock:
            found = self._placeholders.get((kind, value)) or self._known.get(value)
            if found is None:
                self._counts[kind] += 1
                shown = f"[{kind}#" if kind in _PRIVATE_KINDS else f"[redacted:{kind}#"
                found = self._placeholders[(kind, value)] = f"{shown}{self._counts[kind]}]"
        if kind in _KNOWN_NAMES or (contextual and _is_telling(value)):
            self._known.setdefault(value, found)
        return found


def _is_telling(value: str) -> bool:
    """Whether a value is found again by chance in no other place: long, and not one word."""
    return len(value) >= _SHORTEST_KNOWN and not value.isalpha() and not value.replace(".", "").isdigit()


def _whole(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])")
