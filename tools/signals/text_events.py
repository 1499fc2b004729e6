"""What the run said about itself: one signal per kind of error, the root exception, and what only followed from it."""

import re

from misrun.tools.readers.lines.stamps import comparable
from misrun.tools.readers.run_record import Event, Frame, RunRecord, Scalar
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import plural

# Where installed code lies: site-packages of every installer, the standard library on Linux, macOS, Windows and conda,
# and code without a file. Notebook cells (<ipython-input-...>, ipykernel_...) are the user's.
_LIBRARY = re.compile(
    r"site-packages|dist-packages|[/\\]lib[/\\]python\d|[/\\]python\d*[/\\]lib[/\\]|"
    r"<frozen |<string>|<__array_function__|[/\\]bazel-",
    re.I,
)
_MESSAGE_CHARS = 300
# A traceback after which the log goes on training for so many points was caught.
_SURVIVED_POINTS = 3
# What a failed device-side assertion says about the data, when its line was printed.
_ASSERTED = {"target_out_of_bounds", "index_out_of_range", "bce_range"}
# Sentences of the user, in their own words (readers/complaint_table.py).
_SAID = "said_"
_STRENGTH = {"error": 1.0, "kill": 1.0, "warning": 0.5, "notice": 0.3}


def measure(run: RunRecord) -> list[Signal]:
    root = root_event(run)
    found = [_kind(run, name, events) for name, events in _by_name(run).items()]
    if root is not None:
        found += [signal for signal in (_root(run, root), _cascade(run, root)) if signal]
    return found


def _by_name(run: RunRecord) -> dict[str, list[Event]]:
    grouped: dict[str, list[Event]] = {}
    for event in run.events:
        grouped.setdefault(event.name, []).append(event)
    return grouped


def brief(message: str) -> str:
    """A message on one line, cut to 300 characters."""
    line = " ".join(message.split())
    return line if len(line) <= _MESSAGE_CHARS else line[: _MESSAGE_CHARS - 1] + "…"


def _kind(run: RunRecord, name: str, events: list[Event]) -> Signal:
    first = next((event for event in events if not event.secondary), events[0])
    count = sum(event.count for event in events)
    seen = f" ({count:,} times)" if count > 1 else ""
    rank = f" on rank {first.rank}" if first.rank is not None else ""
    consequence = " It only follows from another error." if first.secondary else ""
    said = brief(first.message)
    exception = f"{first.exception}: " if first.exception and not said.startswith(first.exception) else ""
    values: dict[str, Scalar] = {
        "message": said, "count": count, "rank": first.rank, "exception": first.exception, "secondary": first.secondary,
        "survived": survived(run, first),
    }  # fmt: skip
    return Signal(
        name=f"error.{name}",
        text=f'The user writes: "{said}".'
        if name.startswith(_SAID)
        else f"{first.kind.capitalize()}{rank} at {first.span}{seen}:"
        f" {exception}{said}{'' if said.endswith('.') else '.'}{consequence}",
        value=float(count),
        strength=0.3 if first.secondary or values["survived"] else _STRENGTH[first.kind],
        spans=tuple(event.span for event in events[:5]),
        values={**first.values, **values},
    )


def survived(run: RunRecord, event: Event) -> bool:
    """Whether training went on after the event: it came to its end, or later training points stand in the same file.
    What a user says is about the whole run, wherever it stands."""
    if event.name.startswith(_SAID):
        return False
    if run.ending.status == "finished" and event.kind != "kill":
        return True  # a crash would outrank "finished"
    if event.span.unit != "line":
        return False
    for series in run.series:
        if series.file == event.span.file and series.phase == "train" and series.rank in (None, event.rank):
            after = sum(1 for line in series.lines if line > event.span.last)
            if after >= _SURVIVED_POINTS:
                return True
    return False


def root_event(run: RunRecord) -> Event | None:
    """The exception that everything else follows from: the first error that is no consequence and was not caught.

    Events come in the order of their logs, and of a chained traceback the cause comes first; of several logs the
    stamps decide. Errors that carry an
    exception are preferred to bare lines, because a line may only announce it, and of those the ones a signature
    knows. A device-side assert is explained by the assertion that was printed before it.
    """
    errors = [e for e in run.events if e.kind == "error" and not e.secondary and not survived(run, e)]
    raised = [e for e in errors if e.frames] or [e for e in errors if e.exception] or errors
    root = _earliest([e for e in raised if e.name != "traceback"] or raised)
    if root is not None and root.name == "device_assert":
        return next((e for e in errors if e.name in _ASSERTED), root)
    return root


def _earliest(events: list[Event]) -> Event | None:
    """By the stamps where all tell one, else the first."""
    times = [event.time for event in events if event.time is not None]
    if not events or len(times) < len(events):
        return next(iter(events), None)
    moments = comparable(times)
    return events[moments.index(min(moments))]


def project_frame(run: RunRecord, frames: tuple[Frame, ...]) -> Frame | None:
    """The innermost frame of the user's own code: a file of the run folder if any, else one outside installed
    packages.
    """
    own = [frame for frame in frames if not _LIBRARY.search(frame.file)]
    known = [frame for frame in own if _code_path(run, frame.file)]
    return next(reversed(known or own), None)


def _code_path(run: RunRecord, printed: str) -> str | None:
    """The run's own code file that a traceback names, by the longest path that both end in."""
    path = printed.replace("\\", "/")
    ours = [code.path for code in run.code if path == code.path or path.endswith("/" + code.path)]
    return max(ours, key=len, default=None)


def _root(run: RunRecord, root: Event) -> Signal:
    frame = project_frame(run, root.frames) or (root.frames[-1] if root.frames else None)
    file = (_code_path(run, frame.file) or frame.file) if frame else None
    where = f" at {file}:{frame.line} in {frame.function}" if frame else ""
    rank = f" on rank {root.rank}" if root.rank is not None else ""
    said = brief(root.message)
    what = root.exception or root.name
    text = said if said.startswith(what) else f"{what}: {said}"
    return Signal(
        name="traceback_root",
        text=f"The run fails first{rank}{where} with {text}{'' if text.endswith('.') else '.'}",
        step=run.ending.last_step,
        spans=(root.span,),
        values={"file": file, "line": frame.line if frame else None, "function": frame.function if frame else None,
                "exception": root.exception, "message": said, "rank": root.rank, "signature": root.name,
                "code": frame.code if frame else None},
    )  # fmt: skip


def _cascade(run: RunRecord, root: Event) -> Signal | None:
    """Errors of other kinds or ranks that the readers marked as consequences, or that came after the root."""
    followers = [e for e in run.events if e.secondary and e.kind in {"error", "kill"}]
    if not followers:
        return None
    names = ", ".join(dict.fromkeys(event.name for event in followers))
    ranks = len({event.rank for event in followers if event.rank is not None})
    count = sum(event.count for event in followers)
    where = f" on {plural(ranks, 'other rank')}" if ranks else ""
    return Signal(
        name="cascade",
        text=f"{plural(count, 'later error')}{where} only follow from {root.exception or root.name} ({names}).",
        value=float(count),
        strength=0.5,
        spans=(root.span, *(event.span for event in followers[:4])),
        values={"count": count, "names": names, "root": root.name, "ranks": ranks},
    )
