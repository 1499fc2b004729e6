"""Slots about errors: what the message says, and where in the user's code it was raised."""

import re
from collections.abc import Callable

from misrun.agents.cures.facts import RunFacts, Value, cite
from misrun.agents.cures.quantity import memory_text, setting_text
from misrun.agents.cures.slots import SLOTS, slot
from misrun.agents.step import Reference
from misrun.tools.readers.run_record import Event, Frame
from misrun.tools.record import Span

MESSAGE_CHARACTERS = 160  # two lines of a terminal; the citation leads to the rest
_LIBRARY = ("site-packages", "dist-packages", "/lib/python", "\\lib\\python", "<frozen", "<string>", "importlib")


def _first_line(message: str) -> str:
    line = next((line.strip() for line in message.splitlines() if line.strip()), "")
    return line if len(line) <= MESSAGE_CHARACTERS else line[: MESSAGE_CHARACTERS - 3].rsplit(" ", 1)[0] + " ..."


def project_frame(event: Event) -> Frame | None:
    """The innermost frame that is not in an installed library."""
    mine = [frame for frame in event.frames if not any(part in frame.file for part in _LIBRARY)]
    return mine[-1] if mine else None


def _code_reference(frame: Frame, facts: RunFacts) -> Reference | None:
    """The line of the run's own code that a frame names, where that file is among the sources."""
    printed = frame.file.replace("\\", "/")
    match = [code for code in facts.run.code if printed == code.path or printed.endswith("/" + code.path)]
    best = max(match, key=lambda code: len(code.path), default=None)
    if best is None or not 1 <= frame.line <= best.lines:
        return None
    return cite(Span(file=best.path, first=frame.line, last=frame.line))


@slot("error")
def error(facts: RunFacts) -> Value | None:
    event = facts.root
    if event is None:
        return None
    message = _first_line(event.message)
    named = f"{event.exception}: {message}" if event.exception and event.exception not in message else message
    return Value(named, refs=(cite(event.span),)) if named else None


@slot("error_place")
def error_place(facts: RunFacts) -> Value | None:
    """ "train.py:41 in step", as the run's own files name it where they are there."""
    event = facts.root
    frame = project_frame(event) if event else None
    if event is None or frame is None:
        return None
    code = _code_reference(frame, facts)
    file = code.span.file if code and code.span else "/".join(re.split(r"[\\/]", frame.file)[-2:])
    refs = (cite(event.span), *((code,) if code else ()))
    return Value(f"{file}:{frame.line} in {frame.function}", refs=refs)


@slot("error_code")
def error_code(facts: RunFacts) -> Value | None:
    """The source line that raised, as the traceback shows it."""
    event = facts.root
    frame = project_frame(event) if event else None
    return Value(frame.code, refs=(cite(event.span),)) if event and frame and frame.code else None


@slot("failing_rank")
def failing_rank(facts: RunFacts) -> Value | None:
    event = facts.root
    if event is None or event.rank is None:
        return None
    return Value(f"rank {event.rank}", event.rank, (cite(event.span),), derived=True)


# Events that only say that a rank waited in vain.
_WAITING = frozenset({"collective_timeout", "collective_error", "collective_mismatch", "peer_lost", "sigterm"})


@slot("error_of_rank")
def error_of_rank(facts: RunFacts) -> Value | None:
    """The error that stopped the first rank; None where the ranks only report that they waited for one another."""
    return None if facts.root is None or facts.root.name in _WAITING else error(facts)


# Memory numbers of the out-of-memory message, in MiB as the reader parsed them.
def _memory(key: str) -> Callable[[RunFacts], Value | None]:
    def size(facts: RunFacts) -> Value | None:
        event = facts.event("cuda_oom", "xla_oom", "host_oom_alloc")
        amount = event.values.get(key) if event else None
        if event is None or not isinstance(amount, int | float):
            return None
        return Value(memory_text(float(amount)), float(amount), (cite(event.span),))

    return size


SLOTS |= {f"{name}_memory": _memory(f"{name}_mib") for name in ("tried", "total", "free", "allocated", "reserved")}
SLOTS["other_memory"] = _memory("other_process_mib")


@slot("unallocated_memory")
def unallocated_memory(facts: RunFacts) -> Value | None:
    """Reserved by the allocator and not in use: what fragmentation wastes."""
    direct = _memory("reserved_unallocated_mib")(facts)
    if direct:
        return direct
    reserved, allocated = SLOTS["reserved_memory"](facts), SLOTS["allocated_memory"](facts)
    if reserved is None or allocated is None or reserved.number is None or allocated.number is None:
        return None
    idle = reserved.number - allocated.number
    return Value(memory_text(idle), idle, reserved.refs, derived=True) if idle >= 0 else None


# What single messages name. The wording is that of the libraries; group 1 is the value.
_IN_MESSAGE: dict[str, tuple[tuple[str, ...], str]] = {
    "label": (("target_out_of_bounds", "device_assert", "traceback"), r"[Tt]arget (-?\d+) is out of bounds"),
    "token_id": (("index_out_of_range", "traceback"), r"[Ii]ndex (-?\d+) is out of (?:range|bounds)"),
    "table_rows": (("index_out_of_range", "traceback"), r"out of bounds for (?:dimension|axis) \d+ with size (\d+)"),
    "missing_path": (("missing_file", "traceback"), r"No such file or directory: '([^']{1,300})'"),
    "missing_module": (("import_error", "traceback"), r"No module named '([^']{1,100})'"),
    "missing_column": (("missing_column", "traceback"), r"(?:KeyError: |[Cc]olumn )?['\"]([^'\"]{1,100})['\"]"),
    "shapes": (("shape_mismatch", "batch_size_mismatch", "traceback"), r"\((\d+x\d+ and \d+x\d+)\)"),
    "missing_key": (("checkpoint_mismatch", "traceback"), r"key\(s\) in state_dict: \"([^\"]+)\""),
    "size_mismatch_key": (("checkpoint_mismatch", "traceback"), r"size mismatch for ([\w.]{1,200})"),
    "attribute": (("api_error", "traceback"), r"has no attribute '([^']{1,100})'"),
    "argument": (("api_error", "traceback"), r"unexpected keyword argument '([^']{1,100})'"),
    "channels": (("input_channels", "traceback"), r"(to have \d+ channels, but got \d+ channels)"),
    "longer_than": (("length_exceeded",), r"\((\d+ > \d+)\)"),
}  # fmt: skip


def _in_message(names: tuple[str, ...], pattern: str) -> Callable[[RunFacts], Value | None]:
    compiled = re.compile(pattern)

    def find(facts: RunFacts) -> Value | None:
        for event in (facts.event(name) for name in names):
            match = compiled.search(event.message[:10_000]) if event else None  # a message longer than that is a dump
            if event and match:
                value = float(match[1]) if match[1].lstrip("-").isdigit() else None
                return Value(match[1], value, (cite(event.span),))
        return None

    return find


SLOTS |= {name: _in_message(names, pattern) for name, (names, pattern) in _IN_MESSAGE.items()}


@slot("classes_needed")
def classes_needed(facts: RunFacts) -> Value | None:
    """One more than the largest label seen: what the output would need if that label is right."""
    label = SLOTS["label"](facts)
    if label is None or label.number is None or label.number < 0:
        return None
    return Value(setting_text(label.number + 1), label.number + 1, label.refs, derived=True)


@slot("largest_label")
def largest_label(facts: RunFacts) -> Value | None:
    """The last label that the configured number of classes allows."""
    classes = SLOTS["classes"](facts)
    if classes is None or classes.number is None:
        return None
    return Value(setting_text(classes.number - 1), classes.number - 1, classes.refs, derived=True)
