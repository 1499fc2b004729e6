"""What several ranks tell together: which one is missing, which one took another path, which one is slow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from misrun.tools.readers.lines.stamps import comparable
from misrun.tools.readers.run_record import Event, RunRecord, Scalar
from misrun.tools.record import Span
from misrun.tools.signals.robust import spread
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.text_events import root_event
from misrun.tools.signals.wording import number, plural, times

_WAITING = frozenset(
    {"collective_timeout", "collective_error", "collective_mismatch", "rendezvous_failed", "peer_lost"}
)
_CALL = ("seq", "op", "numel_in")
# Named one by one; more are a part of the machine (a node, a network) and not a rank.
_MOST_NAMED = 8
# A rank that stopped stands apart by as many times the spread of the others, and a minute at least: ranks write their
# buffers out at different moments (judgements).
_APART, _SECONDS = 10.0, 60.0
# A straggler is a quarter slower than the usual rank and six robust deviations away (judgements); three ranks tell what
# is usual, three steps what is usual for one of them.
_SLOWER, _DEVIATIONS, _FEWEST = 1.25, 6.0, 3


def measure(run: RunRecord) -> list[Signal]:
    seen = _seen(run)
    known = _ranks(run, seen)
    if len(known) < 2:
        return []
    found = [_straggler(run)]
    root = root_event(run)
    if root is None or root.name in _WAITING:
        found += [_desynchronised(run), _silent(run, known, seen) or _stopped(run)]
    return [signal for signal in found if signal]


def _seen(run: RunRecord) -> set[int]:
    """The ranks that any log names."""
    named = {event.rank for event in run.events} | {one.rank for one in run.series} | {log.rank for log in run.ranks}
    return {rank for rank in named if rank is not None}


def _ranks(run: RunRecord, seen: set[int]) -> list[int]:
    """All ranks of the job: those seen and those between; the world size where it is told."""
    told = [fact.value for fact in run.environment if fact.name == "world_size" and fact.value.isdigit()]
    size = max([int(value) for value in told] + [rank + 1 for rank in seen], default=0)
    return list(range(size)) if seen and size <= 100_000 else []


def _listed(ranks: Sequence[int]) -> str:
    return ("rank " if len(ranks) == 1 else "ranks ") + ", ".join(map(str, ranks))


def _signal(name: str, text: str, ranks: Sequence[int], spans: Sequence[Span], **values: Scalar) -> Signal:
    told: dict[str, Scalar] = {"rank": ranks[0], "ranks": ", ".join(map(str, ranks)), **values}
    return Signal(name=name, text=text, value=float(ranks[0]), spans=tuple(spans[:6]), values=told)


class _Call(NamedTuple):
    """The collective in which a rank waits: the process group, and SeqNum, OpType and NumelIn as far as printed."""

    event: Event
    group: Scalar
    values: Mapping[str, Scalar]

    @property
    def call(self) -> tuple[Scalar, ...]:
        return tuple(self.values.get(key) for key in _CALL)


def _calls(run: RunRecord) -> dict[int, _Call]:
    """The first collective of each rank that its watchdog told, of the process group that most of them tell."""
    found: dict[int, _Call] = {}
    for event in run.events:
        if event.rank is None or event.name != "collective_timeout":
            continue
        known = found.get(event.rank)
        values = {**event.values, **(known.values if known else {})}
        found[event.rank] = _Call(known.event if known else event, values.get("group"), values)
    groups = Counter(call.group for call in found.values())
    usual = max(groups, key=lambda group: groups[group], default=None)
    return {rank: call for rank, call in found.items() if call.group == usual}


def _desynchronised(run: RunRecord) -> Signal | None:
    """By the culprit that a flight recorder names, the collective in which each rank waits, or the last one that each
    completed: who differs from the most, among equals who is behind."""
    for event in run.events:
        if event.name == "collective_mismatch" and event.rank is not None and "Culprit" in event.message:
            text = f"Rank {event.rank} called another collective than the others: {event.message[:300]}"
            return _signal("rank_desynchronised", text, [event.rank], [event.span])
    calls = {rank: call for rank, call in _calls(run).items() if call.values.get("seq") is not None}
    counted = Counter(call.call for call in calls.values())
    if len(counted) > 1:
        usual = max(counted, key=lambda call: (counted[call], call[0]))
        apart = [rank for rank, call in calls.items() if call.call != usual]
        others = next(call for call in calls.values() if call.call == usual)
        return _apart(calls, apart, f"waits in {_told(calls[apart[0]])}, {_others(calls, apart)} in {_told(others)}")
    return _behind(_calls(run))


def _behind(calls: Mapping[int, _Call]) -> Signal | None:
    completed = {rank: value for rank, call in calls.items() if isinstance(value := call.values.get("completed"), int)}
    if len(set(completed.values())) < 2:
        return None
    least, most = min(completed.values()), max(completed.values())
    apart = [rank for rank, done in completed.items() if done == least]
    told = f"completed collective {least} last, {_others(completed, apart)} up to {most}"
    return _apart(calls, apart, told)


def _apart(calls: Mapping[int, _Call], apart: Sequence[int], told: str) -> Signal | None:
    if len(apart) > _MOST_NAMED:
        return None
    text = f"{_listed(apart).capitalize()} {told}: the ranks did not call the same collectives in the same order."
    others = [call.event.span for rank, call in calls.items() if rank not in apart]
    first = calls[apart[0]].values
    return _signal(
        "rank_desynchronised", text, apart, [*(calls[rank].event.span for rank in apart), *others],
        **{key: first.get(key) for key in (*_CALL, "completed", "enqueued")},
    )  # fmt: skip


def _others(ranks: Mapping[int, object], apart: Sequence[int]) -> str:
    return f"the {plural(len(ranks) - len(apart), 'other rank')}"


def _told(call: _Call) -> str:
    seq, op, numel = call.call
    return f"{op or 'collective'} SeqNum={seq}" + (f" NumelIn={numel}" if numel is not None else "")


def _silent(run: RunRecord, known: Sequence[int], seen: set[int]) -> Signal | None:
    """Ranks without a word while most of the others report that they wait in vain. Of one or two ranks that wait the
    text may be an excerpt: then a rank counts as silent only when something else of it was read."""
    waiting = {event.rank: event for event in reversed(run.events) if event.name in _WAITING and event.rank is not None}
    absent = [rank for rank in known if rank not in waiting and (rank in seen or len(waiting) >= _FEWEST)]
    if not waiting or not absent or len(absent) > min(len(waiting), _MOST_NAMED):
        return None
    logs = {log.rank: log for log in run.ranks if log.rank in absent}
    ends = "".join(f", the log of rank {rank} ends at {log.span}" for rank, log in sorted(logs.items()))
    verb, them = ("reports", "it") if len(absent) == 1 else ("report", "them")
    text = (
        f"{_listed(absent).capitalize()} {verb} nothing while {plural(len(waiting), 'other rank')} waited for {them} in"
        f" vain{ends}: {_listed(absent)} stopped or hung first."
    )
    spans = [*(log.span for log in logs.values()), *(event.span for event in reversed(waiting.values()))]
    return _signal("rank_missing", text, absent, spans, waiting=len(waiting))


def _stopped(run: RunRecord) -> Signal | None:
    """The rank whose log breaks off before those of all others: by the step it had reached, else by the clock."""
    if run.ending.status == "finished" or any(event.name in _WAITING for event in run.events):
        return None
    steps, interval = _last_steps(run)
    by_step = _alone(steps, interval)
    logs = {log.rank: log for log in run.ranks if log.time is not None}
    moments = dict(zip(logs, comparable([log.time for log in logs.values() if log.time is not None]), strict=True))
    broken = run.ending.status != "unknown"  # logs that end at different times are nothing odd in themselves
    rank = _alone(moments, _SECONDS) if by_step is None and broken else by_step
    if rank is None:
        return None
    span = next((log.span for log in run.ranks if log.rank == rank), None)
    if by_step is not None:
        reached = f" after step {number(steps[rank])}, the others go on to step {number(max(steps.values()))}"
    else:
        others = min(moment for other, moment in moments.items() if other != rank)
        reached = f" {number(others - moments[rank])} seconds before those of all others"
    where = f" ({span})" if span else ""
    text = f"The log of rank {rank} breaks off{reached}{where}: it stopped or hung first, without an error of its own."
    return _signal("rank_missing", text, [rank], [span] if span else [])


def _last_steps(run: RunRecord) -> tuple[dict[int, float], float]:
    """The last step of training that each rank logged, and the largest interval between two reports."""
    last: dict[int, float] = {}
    interval = 0.0
    for one in run.series:
        if one.rank is not None and one.phase == "train" and one.step_kind == "step" and len(one.steps) > 1:
            last[one.rank] = max(last.get(one.rank, 0.0), max(one.steps))
            interval = max(interval, one.steps[-1] - one.steps[-2])
    return last, interval


def _alone(reached: Mapping[int, float], least: float) -> int | None:
    """The one of three or more that is behind all others by more than `least` and than these differ, or None."""
    if len(reached) < _FEWEST:
        return None
    first, *others = sorted(reached, key=lambda rank: reached[rank])
    values = np.array([reached[rank] for rank in others])
    return first if values.min() - reached[first] > max(least, _APART * spread(values)) else None


def _straggler(run: RunRecord) -> Signal | None:
    """The rank whose usual step takes clearly longer than that of the others."""
    usual: dict[int, float] = {}
    spans: dict[int, Span] = {}
    for one in run.named("step_time"):
        if one.rank is not None and len(one.values) > _FEWEST and one.rank not in usual:
            usual[one.rank] = float(np.median(one.values[1:]))  # the first step compiles and warms caches
            spans[one.rank] = one.span(1, -1)
    if len(usual) < _FEWEST:
        return None
    slowest = max(usual, key=lambda rank: usual[rank])
    others = np.array([value for rank, value in usual.items() if rank != slowest])
    middle = float(np.median(others))
    if middle <= 0 or usual[slowest] < _SLOWER * middle or usual[slowest] - middle < _DEVIATIONS * spread(others):
        return None
    ratio = usual[slowest] / middle
    text = (
        f"Rank {slowest} takes {times(ratio)} as long for a step as the other ranks: {number(usual[slowest])} against a"
        f" median of {number(middle)} over {plural(len(others), 'rank')}."
    )
    return _signal("rank_straggles", text, [slowest], [spans[slowest]], ratio=ratio, usual=middle)
