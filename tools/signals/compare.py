"""What differs between two runs: settings, versions, code, and the step at which their curves part."""

from typing import Literal

import numpy as np

from misrun.tools.readers.run_record import RunRecord
from misrun.tools.record import Record, Span
from misrun.tools.signals.curve import Curve, chosen
from misrun.tools.signals.robust import noise
from misrun.tools.signals.wording import number

# Curves part where they differ by more than this many times the point-to-point noise of either...
PARTED = 6.0
# ...and by at least 2 % of their level (numbers are printed with three or four digits).
SMALLEST = 0.02
# ...at most of the next points, so that one spike is no parting.
FOLLOWING = 5


class Difference(Record):
    """One thing that differs. `here` and `there` are None where it is missing. Curves: `step` is where they part.

    `spans` points into the first run, `there_spans` into the baseline (each relative to its own run folder).
    """

    kind: Literal["config", "environment", "code", "curve"]
    name: str
    here: str | None
    there: str | None
    spans: tuple[Span, ...] = ()
    there_spans: tuple[Span, ...] = ()
    step: float | None = None


def compare(run: RunRecord, baseline: RunRecord) -> tuple[Difference, ...]:
    """Settings, environment and code that differ, sorted by name, then curves in the order in which they part."""
    return (*_config(run, baseline), *_environment(run, baseline), *_code(run, baseline), *_curves(run, baseline))


_Told = dict[str, tuple[str, Span | None]]


def _differing(kind: Literal["config", "environment", "code"], here: _Told, there: _Told) -> list[Difference]:
    found = []
    for name in sorted({*here, *there}):
        ours, theirs = here.get(name), there.get(name)
        if ours is None or theirs is None or ours[0] != theirs[0]:
            found.append(
                Difference(
                    kind=kind,
                    name=name,
                    here=ours[0] if ours else None,
                    there=theirs[0] if theirs else None,
                    spans=(ours[1],) if ours and ours[1] else (),
                    there_spans=(theirs[1],) if theirs and theirs[1] else (),
                )
            )
    return found


def _spelled(value: object) -> str:
    """A value as text in which 1e-4 and 0.0001 and "0.0001" are the same."""
    try:
        return repr(float(str(value))) if not isinstance(value, bool) else str(value)
    except ValueError:
        return str(value)


def _config(run: RunRecord, baseline: RunRecord) -> list[Difference]:
    def told(record: RunRecord) -> _Told:
        # The first carrier of a name counts, as in RunRecord.setting.
        return {v.name: (_spelled(v.value), v.span) for v in reversed(record.config)}

    return _differing("config", told(run), told(baseline))


def _environment(run: RunRecord, baseline: RunRecord) -> list[Difference]:
    def told(record: RunRecord) -> _Told:
        return {fact.name: (fact.value, fact.span) for fact in reversed(record.environment)}

    return _differing("environment", told(run), told(baseline))


def _code(run: RunRecord, baseline: RunRecord) -> list[Difference]:
    def told(record: RunRecord) -> _Told:
        return {
            code.path: (code.sha256, Span(file=code.path, first=1, last=max(1, code.lines))) for code in record.code
        }

    return _differing("code", told(run), told(baseline))


def _curves(run: RunRecord, baseline: RunRecord) -> list[Difference]:
    shared = dict.fromkeys((s.name, s.phase) for s in run.series if s.phase != "system")
    found = []
    for name, phase in shared:
        ours, theirs = chosen(run.named(name, phase)), chosen(baseline.named(name, phase))
        if ours is not None and theirs is not None and ours.step_kind == theirs.step_kind:
            found.append(_parting(f"{phase}/{name}", Curve.of(ours), Curve.of(theirs)))
    return sorted((d for d in found if d), key=lambda d: (d.step or 0.0, d.name))


def _parting(name: str, ours: Curve, theirs: Curve) -> Difference | None:
    """The first shared step from which on the curves differ; None when they never do or share under three steps."""
    by_step = {step: j for j, step in enumerate(theirs.steps)}
    both = [(i, by_step[step]) for i, step in enumerate(ours.steps) if step in by_step]
    if len(both) < 3:
        return None
    here, there = np.array([i for i, _ in both]), np.array([j for _, j in both])
    gap = np.abs(ours.values[here] - theirs.values[there])
    scale = PARTED * max(noise(ours.values[here]), noise(theirs.values[there]))
    apart = gap > np.maximum(scale, SMALLEST * np.abs(theirs.values[there]))
    at = next((k for k in range(len(apart)) if apart[k] and apart[k : k + FOLLOWING].mean() > 0.5), None)
    if at is None:
        return None
    i, j = both[at]
    return Difference(
        kind="curve",
        name=name,
        here=f"{number(float(ours.values[i]))} at {ours.place(i)}",
        there=f"{number(float(theirs.values[j]))} at {theirs.place(j)}",
        spans=(ours.span(i),),
        there_spans=(theirs.span(j),),
        step=ours.step(i),
    )
