"""error.json of torch.distributed.elastic: what a worker decorated with @record died of.

Shape: torch/distributed/elastic/multiprocessing/errors/error_handler.py.
"""

import json
import re

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.lines.context import LogContext, new_context
from misrun.tools.readers.lines.events import Draft
from misrun.tools.readers.lines.line import Line
from misrun.tools.readers.lines.traceback import Tracebacks
from misrun.tools.readers.reader import Source
from misrun.tools.readers.run_record import Ending
from misrun.tools.readers.signatures import exception_signature
from misrun.tools.record import Span

# error_3.json, rank3.json, and <log dir>/<run>/attempt_0/3/error.json
_RANK = re.compile(r"(?:error|rank|err)[_\-.]?(\d{1,6})\.json$|(?:^|/)(\d{1,6})/error\.json$", re.IGNORECASE)
_UNFINISHED = re.compile(r'^\{"message": (?:\{"message": )?"((?:[^"\\]|\\.){1,8000})', re.DOTALL)
_MAX_BYTES = 4 * 2**20
_MAX_MESSAGE = 2_000


class TorchrunError:
    """One event with the frames of its traceback, cited by the one line that the file has."""

    name = "torchrun error file"

    def sniff(self, source: Source) -> bool:
        head = source.head.lstrip()
        named = source.path.name.startswith("error") or b'"extraInfo"' in head
        return source.name.endswith(".json") and head.startswith(b'{"message"') and named

    def read(self, source: Source, run: RunBuilder) -> None:
        with source.path.open(encoding="utf-8", errors="replace") as stream:
            text = stream.read(_MAX_BYTES)
        try:
            content = json.loads(text, strict=False)
            message, callstack = _message(content)
        except ValueError as error:
            run.note(f"{source.name}: not complete JSON ({error})")
            content = None
            message, callstack = _damaged(text)
        found = _RANK.search(source.name)
        rank = int(found[1] or found[2]) if found else None
        context = new_context(source.name, run)
        _read_traceback(callstack, rank, context)
        if not context.events.all() and message:
            context.events.add(_draft(message, rank))
        for draft in context.events.all():
            draft.time = _time(content)
        for event in context.events.built():
            run.event(event)
        span = Span(file=source.name, first=1, last=1)
        run.ending = combined_ending(run.ending, Ending(status="crashed", spans=(span,)))


def _message(content: object) -> tuple[str, str]:
    """Message and call stack; older versions write the message as plain text."""
    inner = content.get("message") if isinstance(content, dict) else None
    if isinstance(inner, dict):
        extra = inner.get("extraInfo")
        stack = extra.get("py_callstack") if isinstance(extra, dict) else None
        return str(inner.get("message", ""))[:_MAX_MESSAGE], str(stack or "")
    return str(inner or "")[:_MAX_MESSAGE], ""


def _time(content: object) -> float | None:
    """When it was raised, in seconds since 1970; the handler writes the number as a string."""
    message = content.get("message") if isinstance(content, dict) else None
    extra = message.get("extraInfo") if isinstance(message, dict) else None
    told = str(extra.get("timestamp")) if isinstance(extra, dict) else ""
    return float(told) if told.isdecimal() else None


def _damaged(text: str) -> tuple[str, str]:
    """Message and call stack as far as they were written."""
    _, _, callstack = text.partition('"py_callstack": "')
    message = _UNFINISHED.search(text)
    return _unescaped(message[1])[:_MAX_MESSAGE] if message else "", _unescaped(callstack)


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")


def _read_traceback(callstack: str, rank: int | None, context: LogContext) -> None:
    tracebacks = Tracebacks(context)
    tracebacks.default_rank = rank
    for text in callstack.split("\n"):
        # Every line of the call stack is part of the file's first line.
        tracebacks.feed(Line(1, text, text, rank))
    tracebacks.close()


def _draft(message: str, rank: int | None) -> Draft:
    exception, colon, text = message.partition(": ")
    named = exception if colon and exception.replace(".", "").isidentifier() else None
    signature = exception_signature(named or "", text if named else message) or "traceback"
    return Draft(name=signature, kind="error", message=message, first=1, last=1, exception=named, rank=rank)
