"""What a repair is, and what it goes by.

A repair rewrites the one script that is looked into. It goes by what was read (findings of the code checks) and by what
was seen when the script ran (the error it ended with, what its first steps did).
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from misrun.tools.code.finding import Finding

_FRAME = re.compile(r'File "(?:[^"]*/)?(?P<file>[\w.-]+\.py)", line (?P<line>\d+), in (?P<function>\S+)')
_ERROR = re.compile(r"^(?P<kind>[A-Za-z_][\w.]*(?:Error|Exception)): (?P<message>.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Frame:
    """A line of the script on the way to an error, outermost first."""

    line: int
    function: str


@dataclass(frozen=True)
class Failure:
    """The error that a run ended with: its message, and the script's own lines on the way to it."""

    kind: str
    message: str
    frames: tuple[Frame, ...]


def failure(text: str, script: str = "train.py") -> Failure | None:
    """The last error in a text; None where no traceback ends in one."""
    errors = list(_ERROR.finditer(text))
    if not errors:
        return None
    start = text.rfind("Traceback (most recent call last)", 0, errors[-1].start())
    frames = _FRAME.finditer(text[max(0, start) : errors[-1].start()])
    own = tuple(Frame(int(f["line"]), f["function"]) for f in frames if f["file"] == script)
    return Failure(errors[-1]["kind"], errors[-1]["message"], own)


@dataclass(frozen=True)
class Clues:
    """The script and all that is known of it. `probed` is what the first steps did, with at least `losses` (those that
    were reached) and `loss_calls`; empty where nothing was probed."""

    code: str
    findings: Sequence[Finding] = ()
    failure: Failure | None = None
    probed: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.code)

    def found(self, *checks: str) -> Finding | None:
        return next((finding for finding in self.findings if finding.check in checks), None)

    def seen(self, name: str, default: Any = None) -> Any:
        return self.probed.get(name, default)


@dataclass(frozen=True)
class Repair:
    """The rewritten script, the failure mode and the line (of the script before) it mends, and why."""

    mode: str
    line: int
    why: str
    code: str


Rule = Callable[[Clues], Repair | None]
