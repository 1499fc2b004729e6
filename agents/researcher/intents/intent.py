"""One thing a user can mean: how it is said, and what is answered, or changed and investigated, because of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from misrun.agents.researcher.answer import Answer
from misrun.agents.researcher.case import Case
from misrun.agents.researcher.message import Material
from misrun.agents.researcher.room import Room
from misrun.tools.record import Record


class Heard(Record):
    """A message as understood: `about` is what it asks about ("step 2" of "explain step 2"). `turn` is its number and
    `folder` where a new case may lie."""

    text: str
    about: str = ""
    path: str = ""
    material: Material = ""
    tried: tuple[str, ...] = ()
    turn: int = 0
    folder: str = ""

    @property
    def number(self) -> int | None:
        """The first whole number in `about`."""
        found = re.search(r"\b\d{1,4}\b", self.about)
        return int(found[0]) if found else None


# Answers from what is known.
Tell = Callable[[Heard, Room], Answer]
# Changes the case, which is then investigated; or answers why nothing changes.
Change = Callable[[Heard, Room], Case | Answer]


@dataclass(frozen=True)
class Intent:
    """`says` are patterns of whole messages, with a group `about` where they name something; `command` is the slash
    command and `usage` its argument; `meaning` says in one line what the user wants, for the help and for a model."""

    name: str
    meaning: str
    tell: Tell | None = None
    change: Change | None = None
    command: str = ""
    usage: str = ""
    says: tuple[str, ...] = ()
    needs_report: bool = False
    worded: bool = False

    def about(self, text: str) -> str | None:
        """What a message of this meaning is about; None when it does not mean this."""
        for pattern in self.says:
            if (found := re.search(pattern, text, re.I | re.S)) is not None:
                return (found.groupdict().get("about") or "").strip(" ?.!,\"'`")
        return None


def one_of(count: int, what: str) -> str:
    return f"1 to {count}" if count > 1 else f"only {what} 1" if count else "none"
