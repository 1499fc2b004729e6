"""Tracebacks: plain, chained, per rank, of worker processes, in rich boxes, from IPython, in exception groups, and
those whose beginning was cut off.

Shapes: Python's traceback module (docs.python.org/3/library/traceback.html), torch/_utils.py (ExceptionWrapper),
rich.traceback, IPython ultratb.
"""

import re
from dataclasses import dataclass, field

from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.events import Draft
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.oom_numbers import oom_numbers
from misrun.tools.readers.run_record import Frame
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS, exception_signature

_HEADER = "Traceback (most recent call last)"
_FRAME = re.compile(
    r'^(?P<indent>[\s|+]{0,40})File "(?P<file>[^"]{1,1000})", line (?P<line>\d+)(?:, in (?P<function>.{1,300}))?\s*$'
)
# IPython: "File /x/y.py:12, in f(a)", "/x/y.py in f(a)", "Cell In[3], line 5, in f(a)", "<ipython-input-3> in <module>"
_IPYTHON_FRAME = re.compile(
    r"^\s{0,4}(?:File )?(?P<file>(?:/|~|[A-Za-z]:\\|<ipython|<timed|Cell In|Input In)[^,:]{0,300}?)(?::(?P<line>\d+))?"
    r"(?:, line (?P<cell_line>\d+))?(?:,? in (?P<function>[^(]{1,200})(?:\(.{0,2000})?)?$"
)
_IPYTHON_ARROW = re.compile(r"^-{1,6}> ?(?P<line>\d+)\s?(?P<code>.*)$")
_RICH_FRAME = re.compile(
    r"^(?P<file>(?:/|[A-Za-z]:\\|<|\.)[^:]{0,500}):(?P<line>\d+)(?: in (?P<function>\S{1,200}))?\s*$"
)
_RICH_ARROW = re.compile(r"^❱ ?(?P<line>\d+) [│|]?\s?(?P<code>.*)$")
_EXCEPTION = re.compile(r"^(?P<type>(?:[A-Za-z_][\w]*\.){0,8}[A-Za-z_]\w{0,100})(?:: ?(?P<message>.*)|\s*)$")
_EXCEPTION_NAME = re.compile(
    r"(?:Error|Exception|Warning|Interrupt|Exit|Iteration|Group|Timeout|Stop|Failure|Fault|Killed|Died|Refused|Found"
    r"|Invalid|Unavailable|NotFound|Missing|Mismatch|Abort|Full|Empty|Dropped|Aborted|Cancelled|Canceled|Rejected"
    r"|Expired"
    r"|Unsupported|TooLong|Collision|Diverged|Detected)\d?$"
)
_CHAINED = re.compile(r"^\W{0,8}(?:During handling of the above exception|The above exception was the direct cause)")
_WORKER = re.compile(r"Caught (\w+) in (?:DataLoader worker process|replica|pin memory thread|data parallel)")
_MEMORY = ("cuda_oom", "xla_oom", "host_oom_alloc")
_CARETS = re.compile(r"^[\s|]*[~^]+[\s~^]*$")
_GROUP_RULE = re.compile(r"^[\s|]*\+[-+]+(?: [\d.]+ -+)?\s*$")
_DECORATION = re.compile(r"^[\s]{0,20}[|│┃][ |│┃]{0,6}|[ ]{0,200}[│┃|]\s{0,200}$")
_MORE = re.compile(
    r"^(?:\s|CUDA kernel errors might|For debugging consider|Compile with|Exception raised from|frame #\d"
    r"|Device-side assert"
    r"|Last error:|Parameter indices|Traceback|Please |Check |If you |See |You |Make sure|In addition|To |Expected"
    r"|Possible"
    r"|ncclSystemError|ncclUnhandled|ncclInternal|ncclRemote|Error |Hint|Note|Missing|Unexpected|size mismatch|This )"
)
# A message goes on for at most this many lines; torch's C++ stack is about 30 lines and says nothing more.
_MAX_MESSAGE_LINES = 40
_MAX_FRAMES = 200
# rich breaks lines at the width of the terminal, 80 columns where it finds none; the first line starts with the type.
_RICH_WIDTH = 50
# A traceback that says nothing for this many lines has been cut off.
_PATIENCE = 60


@dataclass(slots=True)
class _Open:
    """A traceback being read. `chain` holds the exceptions before the present one, the cause first."""

    first: int
    prefix: str = ""
    style: str = "plain"
    indent: int | None = None
    frames: list[Frame] = field(default_factory=list)
    exception: str | None = None
    message: list[str] = field(default_factory=list)
    exception_line: int = 0
    last: int = 0
    want_code: bool = False
    blank: bool = False
    chain: list[Draft] = field(default_factory=list)
    silent: int = 0
    in_worker: bool = False

    def restart(self, line: int) -> None:
        """Another exception is about to be read: the next of a chain, or the one a worker process raised."""
        self.frames, self.exception, self.message = [], None, []
        self.indent, self.blank, self.silent, self.last = None, False, 0, line


class Tracebacks:
    """One open traceback per rank, because ranks write into each other's lines."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._open: dict[int | None, _Open] = {}
        self.default_rank: int | None = None

    @property
    def busy(self) -> bool:
        return bool(self._open)

    def feed(self, line: Line) -> bool:
        rank = line.rank if line.rank is not None else self.default_rank
        current = self._open.get(rank)
        if _HEADER in line.body:
            return self._header(line, rank, current)
        if current is None:
            return self._headless(line, rank)
        current.silent += 1
        taken = self._continue(current, line, rank)
        if current.silent > _PATIENCE and self._open.get(rank) is current:
            self._finish(rank)
        return taken

    def close(self) -> None:
        for rank in list(self._open):
            self._finish(rank)

    def _header(self, line: Line, rank: int | None, current: _Open | None) -> bool:
        prefix = line.body[: line.body.index(_HEADER)]
        if current is not None and prefix.rstrip().endswith("Original"):
            current.in_worker = True
            current.restart(line.number)
            return True
        if current is not None and (current.exception is not None or (current.frames and not current.chain)):
            self._finish(rank)
            current = None
        if current is None:
            current = self._open[rank] = _Open(first=line.number)
        current.style = _style(line.body)
        current.prefix = prefix if current.style == "plain" else ""
        current.restart(line.number)
        return True

    def _headless(self, line: Line, rank: int | None) -> bool:
        """A frame or an IPython arrow where no traceback is open: its header was cut off."""
        match = _FRAME.match(line.body) if 'File "' in line.body else None
        if match is None:
            return False
        current = self._open[rank] = _Open(first=line.number)
        return self._frame(current, match, line)

    def _continue(self, current: _Open, line: Line, rank: int | None) -> bool:
        text = _unprefixed(line.body, current.prefix)
        if current.style == "rich":
            text = _DECORATION.sub("", text)
        if current.exception is not None:
            return self._after(current, text, line, rank)
        if not text.strip():
            return True
        match = _FRAME.match(text)
        if match:
            return self._frame(current, match, line)
        if current.style != "plain" and self._decorated_frame(current, text, line):
            return True
        if _CARETS.match(text) or _GROUP_RULE.match(text) or text.strip().startswith("[Previous line repeated"):
            return True
        return self._code_or_exception(current, text, line)

    def _frame(self, current: _Open, match: re.Match[str], line: Line) -> bool:
        current.indent = len(match["indent"]) if current.indent is None else current.indent
        if len(current.frames) < _MAX_FRAMES:
            function = (match["function"] or "").strip()
            current.frames.append(Frame(file=match["file"], line=int(match["line"]), function=function))
        current.want_code, current.last, current.silent = True, line.number, 0
        return True

    def _decorated_frame(self, current: _Open, text: str, line: Line) -> bool:
        bare = text.strip()
        if arrow := (_IPYTHON_ARROW.match(bare) or _RICH_ARROW.match(bare)):
            if current.frames:
                last = current.frames[-1]
                current.frames[-1] = Frame(
                    file=last.file,
                    line=int(arrow["line"]),
                    function=last.function,
                    code=arrow["code"].strip(" │|")[:500],
                )
            return True
        match = _RICH_FRAME.match(bare) or _IPYTHON_FRAME.match(bare)
        if not match or (_EXCEPTION.match(bare) and ":" in bare and not match["line"]):
            return False
        groups = match.groupdict()
        number = int(groups.get("line") or groups.get("cell_line") or 0)
        current.frames.append(
            Frame(file=match["file"].strip(), line=number, function=(match["function"] or "").strip())
        )
        current.last, current.silent = line.number, 0
        return True

    def _code_or_exception(self, current: _Open, text: str, line: Line) -> bool:
        indent = len(text) - len(text.lstrip(" \t|+"))
        inside = current.indent is not None and indent > current.indent
        if current.style == "plain" and inside:
            if current.want_code and current.frames:
                last = current.frames[-1]
                code = text.strip(" |\t")[:500]
                current.frames[-1] = Frame(file=last.file, line=last.line, function=last.function, code=code)
                current.want_code = False
            current.last = line.number
            return True
        bare = text.strip(" |\t+*`")
        match = _EXCEPTION.match(bare)
        if match and (current.style == "plain" or _EXCEPTION_NAME.search(match["type"])) and _plausible(match, current):
            current.exception = match["type"]
            current.message = [match["message"] or ""]
            current.exception_line = current.last = line.number
            current.silent, current.blank = 0, False
            return True
        return current.style != "plain"

    def _after(self, current: _Open, text: str, line: Line, rank: int | None) -> bool:
        """After the exception line: more of its message, the words that chain it, or the end."""
        if _CHAINED.match(text):
            current.chain.append(self._draft(current, rank))
            current.restart(line.number)
            current.first = line.number
            return True
        if not text.strip(" |") or _GROUP_RULE.match(text):
            current.blank = True
            return True
        if current.blank or len(current.message) >= _MAX_MESSAGE_LINES or not self._more(current, text):
            if current.blank and text.startswith(("  ", "\t")) and current.message[-1].rstrip().endswith(":"):
                current.message.append(text.strip())
                return True
            self._finish(rank)
            return self.feed(line) if 'File "' in line.body else False
        if not text.startswith("frame #"):
            current.message.append(text.strip(" |"))
        current.last = line.number
        return True

    @staticmethod
    def _more(current: _Open, text: str) -> bool:
        wrapped = current.style == "rich" and len(current.message[-1]) > _RICH_WIDTH
        return wrapped or current.message[-1].rstrip().endswith((":", ",", "(")) or _MORE.match(text) is not None

    def _finish(self, rank: int | None) -> None:
        current = self._open.pop(rank)
        drafts = list(current.chain)
        if current.exception is not None:
            drafts.append(self._draft(current, rank))
        elif current.frames and not drafts:
            drafts.append(self._cut_off(current, rank))
        # The first of a chain is the cause, but a dead worker shows first as the queue or socket it left behind.
        root = next(
            (draft for draft in drafts if draft.name in ("worker_killed", "shm_exhausted")), next(iter(drafts), None)
        )
        for draft in drafts:
            draft.secondary = draft.secondary or draft is not root
        if root is not None and len(drafts) > 1 and root is not drafts[-1]:
            root.values["led_to"] = f"{drafts[-1].exception}: {drafts[-1].message}"[:300]
        for draft in drafts:
            self._context.events.add(draft)

    def _draft(self, current: _Open, rank: int | None) -> Draft:
        name_as_printed = current.exception or ""
        exception = name_as_printed.rsplit(".", 1)[-1]
        message = "\n".join(current.message).strip()
        name = exception_signature(exception, message) or "traceback"
        if wrapped := _WORKER.search(message):
            exception, name = wrapped[1], exception_signature(wrapped[1], message) or "traceback"
        kind = SIGNATURE_MEANINGS[name][0] if name in SIGNATURE_MEANINGS else "error"
        values = oom_numbers(message) if name in _MEMORY else {}
        if current.in_worker:
            values["in_worker"] = True
        return Draft(
            name=name,
            kind=kind,
            message=message,
            first=current.first,
            last=max(current.last, current.first),
            exception=exception,
            rank=rank,
            frames=tuple(current.frames),
            secondary=exception.endswith("ExceptionGroup"),  # the exceptions it holds follow on their own
            values=values,
            fatal=True,
        )

    @staticmethod
    def _cut_off(current: _Open, rank: int | None) -> Draft:
        message = "the log ends or breaks off inside this traceback"
        return Draft(
            name="traceback",
            kind="error",
            message=message,
            first=current.first,
            last=max(current.last, current.first),
            rank=rank,
            frames=tuple(current.frames),
            fatal=True,
        )


def _style(header: str) -> str:
    if "─" in header or "╭" in header:
        return "rich"
    before = header[: header.index(_HEADER)].rstrip()
    return "ipython" if before and _EXCEPTION_NAME.search(before) else "plain"


def _plausible(match: re.Match[str], current: _Open) -> bool:
    """A line at the outer level right after frames is the exception even when its type has an odd name."""
    return _EXCEPTION_NAME.search(match["type"]) is not None or (bool(current.frames) and match["message"] is not None)


def _unprefixed(body: str, prefix: str) -> str:
    """Without the prefix every line of this traceback carries: a timestamp, a process name, a box, a quote mark."""
    if not prefix.strip() and not body.startswith(prefix):
        return body
    head = body[: len(prefix)]
    same = head == prefix or _shape(head) == _shape(prefix)
    return body[len(prefix) :] if same else body


def _shape(text: str) -> str:
    return re.sub(r"\d", "0", text).rstrip()
