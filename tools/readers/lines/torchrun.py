"""The launcher's own words: torchrun's summary block, exit codes per rank, and those of DeepSpeed and accelerate.

Shapes: torch/distributed/elastic/multiprocessing/{api.py,errors/__init__.py}; deepspeed/launcher/launch.py.
"""

import re
from dataclasses import dataclass

from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.events import Draft
from misrun.tools.readers.lines.exit_codes import signal_event, signal_name
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.traceback import Tracebacks
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS

_FAILED = re.compile(r"failed \(exitcode: (?P<code>-?\d+)\) local_rank: (?P<rank>\d+) \(pid: (?P<pid>\d+)\)")
_RULE = re.compile(r"^\s*={20,}\s*$")
_TITLE = re.compile(r"^\s*\S.{0,300} FAILED\s*$")
_RANK = re.compile(r"^\s*rank\s*: (?P<rank>\d+) \(local_rank: \d+\)")
_CODE = re.compile(r"^\s*exitcode\s*: (?P<code>-?\d+) \(pid: \d+\)")
_ROOT = re.compile(r"^\s*Root Cause \(first observed failure\):")
_DEEPSPEED = re.compile(r"exits with return code = (?P<code>-?\d+)")


@dataclass(slots=True)
class _Entry:
    rank: int
    line: int
    code: int | None = None
    root: bool = False


class Torchrun:
    """Reads the block between the double rules; while inside, tracebacks belong to the rank of the entry."""

    def __init__(self, context: LogContext, tracebacks: Tracebacks) -> None:
        self._context = context
        self._tracebacks = tracebacks
        self._entries: list[_Entry] = []
        self._early: list[_Entry] = []
        self._inside = False
        self._in_root = False
        self._rule_line = 0
        self._first = 0

    @property
    def busy(self) -> bool:
        return self._inside or self._rule_line > 0

    def feed(self, line: Line) -> bool:
        text = line.body
        if self._inside:
            return self._block(text, line)
        if self._rule_line and _TITLE.match(text):
            self._inside, self._in_root, self._first = True, False, self._rule_line
            self._tracebacks.close()
            return True
        self._rule_line = line.number if text.lstrip()[:3] == "===" and _RULE.match(text) else 0
        if "exitcode" in text and (match := _FAILED.search(text)):
            self._early.append(_Entry(rank=int(match["rank"]), line=line.number, code=int(match["code"])))
            return True
        if "return code" in text and (match := _DEEPSPEED.search(text)):
            self._exit(int(match["code"]), None, line.number)
            return True
        return self._rule_line > 0

    def close(self) -> None:
        """The block tells more than the line before it; either may be missing."""
        if self._inside:
            self._close_block(self._first)
        if not self._context.events.root_rank and not self._entries and self._early:
            first = self._early[0]
            self._context.events.root_rank = first.rank
            self._exit(first.code, first.rank, first.line)

    def _block(self, text: str, line: Line) -> bool:
        if _RULE.match(text):
            self._close_block(line.number)
            return True
        if _ROOT.match(text):
            self._in_root = True
        elif match := _RANK.match(text):
            self._tracebacks.close()
            self._entries.append(_Entry(rank=int(match["rank"]), line=line.number, root=self._in_root))
            self._tracebacks.default_rank = self._entries[-1].rank
        elif (match := _CODE.match(text)) and self._entries:
            self._entries[-1].code = int(match["code"])
        else:
            self._tracebacks.feed(line)  # "traceback : Traceback (most recent call last):" and what follows
        return True

    def _close_block(self, last: int) -> None:
        self._tracebacks.close()
        self._tracebacks.default_rank = None
        self._inside, self._rule_line = False, 0
        root = next((entry for entry in self._entries if entry.root), None)
        if root is None:
            return
        self._context.events.root_rank = root.rank
        codes = {f"exit_code_rank{entry.rank}": entry.code for entry in self._entries}
        self._context.events.add(
            Draft(
                name="child_failed",
                kind="error",
                message=f"root cause at rank {root.rank}, exit code {root.code}",
                first=self._first,
                last=last,
                rank=root.rank,
                secondary=True,
                values={"root_rank": root.rank, **codes},
            )
        )
        for entry in self._entries:
            self._exit(entry.code, entry.rank, entry.line, secondary=not entry.root)

    def _exit(self, code: int | None, rank: int | None, line: int, secondary: bool = False) -> None:
        if code is None:
            return
        if not secondary:
            self._context.exit_code, self._context.exit_line = code, line
        name = signal_event(code)
        if name is None:
            return
        self._context.events.add(
            Draft(
                name=name,
                kind=SIGNATURE_MEANINGS[name][0],
                message=f"the process ended with exit code {code} ({signal_name(code)})",
                first=line,
                last=line,
                rank=rank,
                secondary=secondary,
                values={"exit_code": code},
            )
        )
