"""The signature table applied to lines outside tracebacks: warnings, watchdogs, schedulers, and exceptions of which
only the last line was kept."""

import re

from misrun.tools.readers.lines.context import Finish, LogContext
from misrun.tools.readers.lines.events import MAX_MESSAGE, Draft
from misrun.tools.readers.lines.hint import SIGNATURE_HINT
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.oom_numbers import oom_numbers
from misrun.tools.readers.run_record import Scalar
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS, exception_signature, line_signature

# An exception line without its traceback: "torch.OutOfMemoryError: CUDA out of memory. ..." at the start of the line,
# or after a log prefix ("ERROR - ValueError: ...").
_EXCEPTION_LINE = re.compile(
    r"^(?:\W{0,4}|.{0,120}?(?:ERROR|CRITICAL|FATAL|[Ee]rror|Exception)\S{0,3}[\]:\s|-]{1,6})"
    r"(?P<type>(?:[a-z_]\w{0,40}\.){0,8}[A-Z]\w{0,60}(?:Error|Exception|Interrupt|Warning|Iteration|Killed|Timeout))"
    r"(?:: (?P<message>.+)|:?\s*$)"
)
# What ends a program before any traceback: argparse (Lib/argparse.py, ArgumentParser.error) and the interpreter itself.
_REFUSED = (
    (
        re.compile(
            r"^\s*[\w./\-]{1,200}: error: (?:unrecognized|the following|argument|ambiguous|invalid|one of|expected)"
        ),
        "invalid_config",
    ),
    (re.compile(r"^\s*\S{0,200}python[\d.]*(?:\.exe)?: (?:can't open file|No module named)"), "missing_file"),
)
# "/x/y.py:12: UserWarning: text"
_PYTHON_WARNING = re.compile(r"(?:^|\s)(?P<file>\S{1,300}):(?P<line>\d+): (?P<type>\w{0,40}Warning): (?P<message>.*)$")
_COLLECTIVE = re.compile(
    r"SeqNum=(?P<seq>\d+)|OpType=(?P<op>\w+)|Timeout\(ms\)=(?P<timeout_ms>\d+)|NumelIn=(?P<numel_in>\d+)"
    r"|ran for (?P<ran_ms>\d+) milliseconds|last completed NCCL work: (?P<completed>-?\d+)"
    r"|last enqueued NCCL work: (?P<enqueued>-?\d+)|\[PG (?:ID )?(?P<group>\d+)"
)
_LOSS_SCALE = re.compile(
    r"(?:loss scale(?: to)?|reducing to|Attempted loss scale): ?(?P<scale>[\d.]+(?:e[+-]?\d+)?)", re.I
)
# A sentence of a person about an error.
_PERSON = re.compile(
    r"^\W{0,6}(?:I|I'm|I've|We|My|Our|When|Why|How|Hi|Hello|Hey|Is|Does|Do|Can|Could|And|But|So|Thanks|Anyone|Has"
    r"|Not sure|Sorry"
    r"|Try|Maybe)\b(?!.{0,400}Tried to allocate)"
)
# What a program says or does when it has found the NaN itself.
_NOTICED = re.compile(
    r"detect|found|encounter|stop|abort|exit|skip|terminat|rais|quit|ending|halt|warn|error|invalid|non-?finite|diverged|exploded|!",
    re.I,
)
# Words of prose: the wording stands in a question or a sentence about the error, not in what the program printed.
_MENTION = re.compile(r"^\W{0,6}(?:If|The|This|It|After)\b[^:]{0,200}$")
_LOOSE_IN_PROSE = frozenset(
    {"finished", "resumed", "early_stop", "setting_ignored", "step_skipped", "peer_lost", "preempted"}
)


class SignatureLines:
    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._headed: Draft | None = None  # an exception whose message goes on in the indented lines below

    @property
    def busy(self) -> bool:
        return self._headed is not None

    def feed(self, line: Line) -> bool:
        text = line.body[:8_000]
        if self._headed is not None and text[:1] in (" ", "\t") and len(self._headed.message) < MAX_MESSAGE:
            self._headed.message += "\n" + text.strip()
            return True
        self._headed = None
        if SIGNATURE_HINT.search(text.lower()) is None:
            return False
        if self._bare_exception(text, line):
            return True
        refused = next((name for pattern, name in _REFUSED if pattern.match(text)), None)
        name = refused or line_signature(text)
        if name is None or _PERSON.match(text) or (name in _LOOSE_IN_PROSE and _MENTION.match(text)):
            return False
        if name == "nonfinite_detected" and self._is_data_point(text, line):
            return False
        draft = self._context.events.signature(name, text, line.number, line.rank)
        draft.fatal = draft.fatal or refused is not None
        if not draft.values:
            draft.values.update(self._values(name, text))
        if name in ("finished", "early_stop"):
            self._context.finish = Finish(line.number)
        return True

    def close(self) -> None:
        pass

    def _is_data_point(self, text: str, line: Line) -> bool:
        """A printed NaN that became a point of a series is a measurement; the program has noticed nothing."""
        return self._context.points.last_line == line.number and _NOTICED.search(text) is None

    def _bare_exception(self, text: str, line: Line) -> bool:
        if "rror" not in text and "xception" not in text and "nterrupt" not in text:
            return False
        match = _EXCEPTION_LINE.match(text)
        if not match or match["type"].endswith("Warning"):
            return False
        exception = match["type"].rsplit(".", 1)[-1]
        message = match["message"] or ""
        name = exception_signature(exception, message)
        if name is None:
            return False
        draft = self._context.events.signature(name, message, line.number, line.rank)
        draft.exception = draft.exception or exception
        draft.fatal = True
        draft.values.update(self._values(name, message))
        self._headed = draft if message.rstrip().endswith(":") else None
        return True

    @staticmethod
    def _values(name: str, text: str) -> dict[str, Scalar]:
        if name in ("cuda_oom", "xla_oom", "host_oom_alloc"):
            return oom_numbers(text)
        values: dict[str, Scalar] = {}
        if name.startswith("collective"):
            for match in _COLLECTIVE.finditer(text):
                values.update(
                    {key: value if key == "op" else int(value) for key, value in match.groupdict().items() if value}
                )
        if name == "loss_scale_overflow" and (scale := _LOSS_SCALE.search(text)):
            values["loss_scale"] = float(scale["scale"].rstrip("."))
        if SIGNATURE_MEANINGS[name][0] == "warning" and (warning := _PYTHON_WARNING.search(text)):
            values.update({"file": warning["file"], "line": int(warning["line"])})
        return values
