"""The events of one log: repeated ones counted, consequences told from causes once all are known."""

import re
from dataclasses import dataclass, field

from misrun.tools.readers.lines.stamps import Clock
from misrun.tools.readers.run_record import Event, Frame, Scalar
from misrun.tools.readers.signatures import CONSEQUENCES, SIGNATURE_MEANINGS, SignatureKind
from misrun.tools.record import Span

# A message longer than this is a dump; its head names the error.
MAX_MESSAGE = 2_000
# More different events than this in one file are per-sample warnings; counting goes on, collecting stops.
MAX_EVENTS = 2_000
_VARIABLE = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?")
# What the other ranks see when one has failed: real causes only when nothing else is there.
PEER_VIEW = frozenset({"collective_timeout", "collective_error", "collective_mismatch", "rendezvous_failed"})
# The watchdog aborts the process after a lost collective; an OOM kill is a SIGKILL.
_FOLLOWS = (
    ("abort", frozenset({"collective_timeout", "collective_error", "device_assert"})),
    ("killed_sigkill", frozenset({"oom_killed"})),
)
# Consequences that say what happened where nothing else does; a launcher's summary never does.
_ALONE = CONSEQUENCES - {"child_failed"}
# Announcements of which the last one says where a run was when it ended.
_LAST_MATTERS = frozenset({"evaluation_started"})
# What a device-side assertion is about, when its line was kept; the CUDA errors after it only report it.
_ASSERTED = frozenset({"index_out_of_range", "target_out_of_bounds", "bce_range"})


@dataclass(slots=True)
class Draft:
    """An event that may still be counted up, given values or marked secondary. `fatal` marks one that ends a program,
    such as an exception with its traceback; `seen_last` is the line of its last repetition."""

    name: str
    kind: SignatureKind
    message: str
    first: int
    last: int
    exception: str | None = None
    rank: int | None = None
    frames: tuple[Frame, ...] = ()
    secondary: bool = False
    count: int = 1
    values: dict[str, Scalar] = field(default_factory=dict)
    fatal: bool = False
    seen_last: int = 0
    time: float | None = None


class Events:
    """Collects drafts while a file is read."""

    def __init__(self, file: str, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._drafts: dict[tuple[str, str | None, int | None, str], Draft] = {}
        self.dropped = 0
        self.root_rank: int | None = None

    def add(self, draft: Draft) -> Draft:
        """Adds an event, or counts it when one with the same words (numbers aside) is there; returns the kept one."""
        draft.message = draft.message.strip()[:MAX_MESSAGE]
        draft.secondary = draft.secondary or draft.name in CONSEQUENCES
        draft.seen_last = draft.last
        key = (draft.name, draft.exception, draft.rank, _VARIABLE.sub("#", draft.message[:300]))
        known = self._drafts.get(key)
        if known:
            known.count += 1
            known.seen_last = draft.last
            known.secondary = known.secondary and draft.secondary
            known.frames = known.frames or draft.frames
            return known
        if len(self._drafts) < MAX_EVENTS:
            draft.time = self._clock.at(draft.first)
            self._drafts[key] = draft
        else:
            self.dropped += 1
        return draft

    def signature(self, name: str, message: str, line: int, rank: int | None = None) -> Draft:
        """An event that is one line of text."""
        kind = SIGNATURE_MEANINGS[name][0]
        return self.add(Draft(name=name, kind=kind, message=message, first=line, last=line, rank=rank))

    def all(self) -> list[Draft]:
        return list(self._drafts.values())

    def settle(self) -> None:
        """Marks as secondary what follows from another event: errors of ranks that are not the launcher's root cause,
        and lost collectives when some rank raised an error of its own."""
        drafts = self.all()
        errors = [draft for draft in drafts if draft.kind in ("error", "kill") and not draft.secondary]
        names = {draft.name for draft in errors}
        own = [draft for draft in errors if draft.name not in PEER_VIEW and draft.name != "abort"]
        asserted = any(draft.name in _ASSERTED and "Assertion" in draft.message for draft in errors)
        for draft in errors:
            if own and draft.name in PEER_VIEW:
                draft.secondary = True
            if any(draft.name == later and names & earlier for later, earlier in _FOLLOWS):
                draft.secondary = True
            if asserted and draft.name in ("device_assert", "cublas_error"):
                draft.secondary = True
            if self.root_rank is not None and draft.rank not in (None, self.root_rank):
                draft.secondary = any(other.rank in (None, self.root_rank) for other in own)
        if not errors:
            self._stand_alone(drafts)

    @staticmethod
    def _stand_alone(drafts: list[Draft]) -> None:
        """A SIGTERM or a lost peer from which nothing else in the log can have come is told as it stands."""
        for draft in drafts:
            if draft.name in _ALONE:
                draft.secondary = False

    def built(self) -> list[Event]:
        """The events in the order of their first lines."""
        return [self._build(draft) for draft in sorted(self.all(), key=lambda draft: draft.first)]

    def _build(self, draft: Draft) -> Event:
        return Event(
            name=draft.name,
            kind=draft.kind,
            message=draft.message,
            span=Span(file=self._file, first=draft.first, last=draft.last),
            exception=draft.exception,
            rank=draft.rank,
            frames=draft.frames,
            secondary=draft.secondary,
            count=draft.count,
            time=draft.time,
            fatal=draft.fatal,
            values={**draft.values, "last_line": draft.seen_last} if draft.name in _LAST_MATTERS else draft.values,
        )
