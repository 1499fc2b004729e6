"""Which rank failed first, over all logs of a run, and which errors of the others only follow from that."""

import math
from collections import defaultdict
from collections.abc import Sequence

from misrun.tools.readers.lines.events import PEER_VIEW
from misrun.tools.readers.lines.stamps import comparable
from misrun.tools.readers.run_record import Event, Scalar, Series
from misrun.tools.readers.signatures import CONSEQUENCES

# What a process says or dies of because another rank is gone: the watchdog aborts it, torchrun ends it by SIGTERM.
_FOLLOWING = PEER_VIEW | CONSEQUENCES | {"abort"}
# Errors that end a process though no traceback shows it.
_ENDS = frozenset(
    {"cuda_oom", "xla_oom", "device_assert", "gpu_fault", "disk_full", "shm_exhausted", "loss_scale_minimum"}
)
# A rank whose log goes on for as many training points has survived the error.
_SURVIVED_POINTS = 3
# Seconds by which clocks of nodes may differ and buffered lines be late (a judgement; NTP keeps them within one).
_CLOCKS = 5.0


def settled(events: Sequence[Event], series: Sequence[Series]) -> list[Event]:
    """The events of all logs, consequences marked. The launcher's root cause decides; without one (or with several, of
    as many nodes) the earliest by the logs' own stamps, else by the step that each rank had reached."""
    errors = [event for event in events if event.kind in ("error", "kill") and not event.secondary]
    if not any(event.name not in CONSEQUENCES for event in errors):
        return list(events)
    marked = {id(event) for event in events if event.name in CONSEQUENCES}
    own = _own_causes(errors, series)
    if own:
        order = _order(own, series)
        told = {event.values["root_rank"] for event in events if "root_rank" in event.values}
        first = own[min(_of_root(own, told), key=lambda place: order[place])]
        since = dict(zip(map(id, own), order, strict=True))
        if first.rank in told:  # what the launcher saw first
            since |= {id(event): math.inf for event in own if event.rank not in told}
        marked |= {id(event) for event in errors if id(event) not in since and _follows(event, first)}
        marked |= {id(event) for event in own if _elsewhere(event, first) and since[id(event)] > since[id(first)]}
    return [event.model_copy(update={"secondary": True}) if id(event) in marked else event for event in events]


def _own_causes(errors: Sequence[Event], series: Sequence[Series]) -> list[Event]:
    """What ended a process and is no view on another one."""
    ending = (e for e in errors if e.fatal or e.frames or e.exception or e.kind == "kill" or e.name in _ENDS)
    return [event for event in ending if event.name not in _FOLLOWING and not _survived(event, series)]


def _survived(event: Event, series: Sequence[Series]) -> bool:
    mine = (one for one in series if one.file == event.span.file and one.phase == "train")
    same = (one for one in mine if one.rank in (None, event.rank) or event.rank is None)
    return any(
        sum(line > event.span.last for line in one.lines[-_SURVIVED_POINTS:]) >= _SURVIVED_POINTS for one in same
    )


def _order(own: Sequence[Event], series: Sequence[Series]) -> list[float]:
    """When each happened: seconds by the stamps, else steps; all 0 where not all of them tell."""
    times = [event.time for event in own if event.time is not None]
    if len(times) == len(own):
        return comparable(times)
    steps = [step for event in own if (step := _step(event, series)) is not None]
    return steps if len(steps) == len(own) else [0.0] * len(own)


def _of_root(own: Sequence[Event], told: set[Scalar]) -> Sequence[int]:
    """The places of the errors on the ranks that launchers told as their root, or else of all."""
    return [place for place, event in enumerate(own) if event.rank in told] or range(len(own))


def _step(event: Event, series: Sequence[Series]) -> float | None:
    """The last step that the rank of an event had logged before it."""
    reached: dict[str, float] = defaultdict(float)
    for one in series:
        if one.file == event.span.file and one.step_kind == "step" and one.rank in (None, event.rank):
            before = [step for step, line in zip(one.steps, one.lines, strict=True) if 0 < line <= event.span.first]
            if before:
                reached[one.file] = max(reached[one.file], before[-1])
    return reached.get(event.span.file)


def _follows(event: Event, first: Event) -> bool:
    """What other ranks see of a failure, at most a moment before it; without stamps it is taken to come after."""
    if event.name not in _FOLLOWING or (event.rank is None and first.rank is None):
        return False
    if event.time is None or first.time is None:
        return True
    one, other = comparable([first.time, event.time])
    return other >= one - _CLOCKS


def _elsewhere(event: Event, first: Event) -> bool:
    """Another error of another rank: the same error on many ranks has one cause in all of them."""
    return None not in (event.rank, first.rank) and event.rank != first.rank and event.name != first.name
