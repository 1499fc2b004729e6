"""Two runs of one project, before and after a change: is the failure gone, and at what price?"""

import math
from collections.abc import Sequence
from typing import Literal

from misrun.tools.diagnosis.clues.registry import CLUES
from misrun.tools.diagnosis.facts import FAILING
from misrun.tools.diagnosis.taxonomy import HEALTHY
from misrun.tools.readers.run_record import RunRecord, Series
from misrun.tools.record import Record
from misrun.tools.signals.curve import is_error
from misrun.tools.signals.signal import Signal
from misrun.tools.signals.wording import number
from misrun.tools.trial.reproduction import Reproduction

Outcome = Literal["cured", "improved", "not cured", "harmful", "inconclusive"]
# What speaks against a healthy run, by the same clues that diagnose: these are the symptoms that may come or go.
_SYMPTOMS = frozenset(clue.signal for clue in CLUES if clue.mode == HEALTHY and clue.weight < 0)
# Evaluation of small runs wobbles: a metric counts as worse from a tenth of its own size on (a judgement).
_WORSE_FROM = 0.1


class Trial(Record):
    """What came of carrying a step out. `gone`, `left` and `new` are symptoms by signal name; `numbers` says what was
    measured before and after; `reason` says why nothing can be concluded."""

    outcome: Outcome
    reason: str = ""
    gone: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    numbers: str = ""
    seconds: float = 0.0


def compare_runs(before: Reproduction, after: Reproduction, seen: frozenset[str] | None = None) -> Trial:
    """The outcome of a change, judged by symptoms: the signals that speak against a healthy run, and crashes.

    `seen` are the symptoms of the run that was investigated: without any of them, `before` is not that failure.
    """
    old, new = symptoms(before.signals, before.crashed), symptoms(after.signals, after.crashed)
    worse = _worse(before.run, after.run)
    trial = Trial(
        outcome="inconclusive",
        gone=tuple(sorted(old - new)),
        left=tuple(sorted(old & new)),
        new=tuple(sorted(new - old)),
        worse=worse,
        numbers=_numbers(before, after),
        seconds=after.confined.seconds,
    )
    if reason := _why_inconclusive(before, after, old, old if seen is None else seen):
        return trial.model_copy(update={"reason": reason})
    return trial.model_copy(update={"outcome": _outcome(before, after, trial)})


def symptoms(signals: Sequence[Signal], crashed: bool) -> frozenset[str]:
    """The signals of a run that a healthy one does not have, and "crash" for one that ended with an error."""
    found = {s.name for s in signals if s.strength >= FAILING and _is_symptom(s)}
    return frozenset(found | ({"crash"} if crashed else set()))


def _is_symptom(signal: Signal) -> bool:
    # A run that was cut short by its bounds is unfinished by our doing.
    return signal.name in _SYMPTOMS and signal.name != "run_unfinished"


def _why_inconclusive(before: Reproduction, after: Reproduction, old: frozenset[str], seen: frozenset[str]) -> str:
    if not old & seen:
        end = f": it ended with {_end(before)} ({_last_line(before)})" if before.crashed else ""
        return f"the failure did not show in the bounded run without the change{end}"
    if after.confined.stopped and not before.confined.stopped:
        return f"the changed run was stopped: {after.confined.stopped}"
    if not after.crashed and not after.run.series and before.run.series:
        return "the changed run logged nothing to compare"
    return ""


def _outcome(before: Reproduction, after: Reproduction, trial: Trial) -> Outcome:
    if after.crashed and not before.crashed:
        return "harmful"
    if trial.new and not trial.gone:
        return "harmful"
    if not trial.left and not trial.new:
        return "improved" if trial.worse else "cured"
    if trial.gone and not trial.new and not trial.worse:
        return "improved"
    return "not cured"


def _worse(before: RunRecord, after: RunRecord) -> tuple[str, ...]:
    """Evaluation series whose last value is clearly worse than before; those of one name and phase are compared."""
    found = []
    for old in (s for s in before.series if s.phase == "eval" and s.values):
        new = next((s for s in after.series if (s.raw_name, s.phase) == (old.raw_name, old.phase) and s.values), None)
        if new is not None and _is_worse(old, new):
            found.append(f"{old.raw_name} {number(old.values[-1])} -> {number(new.values[-1])}")
    return tuple(dict.fromkeys(found))


def _is_worse(old: Series, new: Series) -> bool:
    was, now = old.values[-1], new.values[-1]
    if not math.isfinite(was):
        return False
    if not math.isfinite(now):
        return True
    lost = now - was if is_error(old) or old.name == "loss" else was - now
    return lost > _WORSE_FROM * abs(was)


def _numbers(before: Reproduction, after: Reproduction) -> str:
    """The last loss, the steps and the end, before and after."""
    parts = []
    losses = [run.run.best("loss") for run in (before, after)]
    if all(losses):
        old, new = (loss.values[-1] for loss in losses if loss is not None)
        parts.append(f"last loss {number(old)} -> {number(new)}")
    steps = [run.run.ending.last_step for run in (before, after)]
    if all(step is not None for step in steps) and steps[0] != steps[1]:
        parts.append(f"last step {steps[0]:g} -> {steps[1]:g}")
    parts.append(f"{_end(before)} -> {_end(after)}")
    return "; ".join(parts)


def _last_line(run: Reproduction) -> str:
    return next((line.strip() for line in reversed(run.confined.output.splitlines()) if line.strip()), "no output")


def _end(run: Reproduction) -> str:
    return "stopped" if run.confined.exit_code is None else f"exit code {run.confined.exit_code}"
