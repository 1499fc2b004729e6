"""How a run ended when no source says so: how far its metrics go, against the length that its settings plan.

A log that simply stops after its last planned step or epoch has finished. The settings that count are those the run
itself said, then those of files, and constants in the code only when nothing better is there.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

from misrun.tools.readers.ending import is_last_report
from misrun.tools.readers.run_record import AUTHORITY, ConfigValue, Ending, RunRecord, Series
from misrun.tools.record import Span

# Names that mean the length of the whole run wherever they stand.
STEP_PLANS = frozenset((
    "max_steps", "total_steps", "max_iters", "train_iters", "max_iterations", "total_iterations", "total_iters",
    "max_train_steps", "num_training_steps", "num_train_steps", "n_steps_total", "total_timesteps", "max_updates",
    "total_updates",
))  # fmt: skip
EPOCH_PLANS = frozenset((
    "epochs", "num_epochs", "n_epochs", "max_epochs", "num_train_epochs", "total_epochs", "nepochs", "train_epochs",
    "max_epoch", "num_epoch", "n_epoch", "nb_epochs", "nb_epoch",
))  # fmt: skip
# Names that mean it only when the metrics end there: they also name rollout lengths, window lengths, step sizes.
_STEP_HINTS = frozenset((
    "steps", "n_steps", "num_steps", "nsteps", "train_steps", "iters", "n_iters", "num_iters", "iterations",
    "num_iterations", "n_iterations", "niter", "updates", "num_updates", "n_updates", "episodes", "n_episodes",
    "num_episodes", "total",
))  # fmt: skip
# With early stopping a plan need not be reached, and not every callback says that it has stopped.
_STOPS_EARLY = re.compile(r"early_?stop|patience", re.IGNORECASE)
# The interval between reports is read off the last of them; the beginning may be reported more densely.
_TAIL = 50


class Reached(NamedTuple):
    """The last epoch that a text log entered, the first one it printed, and whether the last was gone through."""

    file: str
    line: int
    first: float
    last: float
    complete: bool


class _Plan(NamedTuple):
    setting: ConfigValue
    length: float
    certain: bool


class _Progress(NamedTuple):
    """How far one file reports: `interval` between its last two reports, `from_zero` when it counts from 0."""

    last: float
    interval: float
    from_zero: bool
    span: Span

    def ends(self, plan: _Plan) -> bool:
        """Whether no further report was due. A hint must also not be overrun: it would mean something else."""
        reached = is_last_report(self.last, plan.length, self.interval, from_zero=self.from_zero)
        return reached and (plan.certain or self.last <= plan.length)


def inferred_ending(run: RunRecord, reached: Iterable[Reached]) -> Ending:
    """The ending of `run`, inferred where it is "unknown", or "unfinished" by one file and finished by another; the
    last step is filled in wherever metrics tell it."""
    ending = _with_last_step(run)
    if ending.status not in ("unknown", "unfinished"):
        return ending
    # The log that was found to stop short has been compared with its own plan already.
    judged = {span.file for span in ending.spans}
    steps = [progress for file, progress in _steps(run) if file not in judged]
    epochs = [progress for file, progress in _epochs(run, reached) if file not in judged]
    step_plans = _plans(run, STEP_PLANS, _STEP_HINTS)
    epoch_plans = _plans(run, EPOCH_PLANS, frozenset())
    found = [*product(steps, step_plans), *product(epochs, epoch_plans)]
    ends = next(((at, plan) for at, plan in found if at.ends(plan)), None)
    if ends is not None:
        return _judged(ending, "finished", *ends, planned=ends[1] in step_plans)
    # Two epochs short is short however epochs are counted.
    short = [(at, plan) for at, plan in found if plan.certain]
    stops_early = any(_STOPS_EARLY.search(setting.name) and setting.value for setting in run.config)
    if (
        ending.status == "unknown"
        and not stops_early
        and short
        and all(at.last < plan.length - 1 for at, plan in short)
    ):
        return _judged(ending, "unfinished", *short[0], planned=short[0][1] in step_plans)
    return ending


def _judged(ending: Ending, status: str, at: _Progress, plan: _Plan, *, planned: bool) -> Ending:
    told = {"last_step": at.last, "planned_steps": plan.length} if planned else {}
    return ending.model_copy(update={"status": status, "spans": (at.span, plan.setting.span), **told})


def _with_last_step(run: RunRecord) -> Ending:
    last = max((max(one.steps) for one in run.series if one.step_kind == "step" and one.steps), default=None)
    return run.ending if run.ending.last_step is not None else run.ending.model_copy(update={"last_step": last})


def _plans(run: RunRecord, certain: frozenset[str], hints: frozenset[str]) -> list[_Plan]:
    """The planned lengths of the best authority that tells any, certain names first."""
    found: list[_Plan] = []
    if run.ending.planned_steps is not None and certain is STEP_PLANS:
        return _told_beside_metrics(run.ending.planned_steps, run)
    for setting in run.config:
        name = setting.name.rsplit(".", 1)[-1].lower()
        value = setting.value
        is_length = isinstance(value, int | float) and not isinstance(value, bool) and value >= 1
        if is_length and (name in certain or name in hints):
            # A constant in the code may have been overridden, so it counts only where the metrics end at it.
            known = name in certain and _authority(setting) < 2
            found.append(_Plan(setting, float(value), known))  # type: ignore[arg-type]  # is_length
    best = min((_authority(plan.setting) for plan in found), default=0)
    return sorted((plan for plan in found if _authority(plan.setting) == best), key=lambda plan: not plan.certain)


def _told_beside_metrics(planned: float, run: RunRecord) -> list[_Plan]:
    """The plan that the metrics' own file gives in every row ("total_steps"), or that a log's banner gave."""
    told = sorted((v for v in run.config if v.value == planned and v.name.endswith(tuple(STEP_PLANS))), key=_authority)
    file = run.files[0].path if run.files else run.root
    own = ConfigValue(name="max_steps", value=planned, span=Span(file=file, first=1, last=1), origin="log")
    return [_Plan(told[0] if told else own, planned, True)]


def _authority(setting: ConfigValue) -> int:
    return AUTHORITY.get(setting.origin, 1)


def _steps(run: RunRecord) -> Iterator[tuple[str, _Progress]]:
    for one in _densest(run.series, "step"):
        yield one.file, _of_counts(one, one.steps)


def _epochs(run: RunRecord, reached: Iterable[Reached]) -> Iterator[tuple[str, _Progress]]:
    for log in reached:
        if log.complete:
            span = Span(file=log.file, first=log.line, last=log.line)
            yield log.file, _Progress(log.last, 1.0, log.first == 0.0, span)
    for one in _densest(run.series, "epoch"):
        yield one.file, _of_counts(one, one.steps)
    for one in run.series:  # a column of epochs beside the steps
        if one.name == "epoch" and one.step_kind == "step":
            rows = Counter(one.values)
            *_, before, last = (0.0, *sorted(rows))
            # The last epoch is gone through when it has as many rows as the one before.
            if rows[last] >= rows[before]:
                yield one.file, _of_counts(one, one.values)


def _densest(series: Iterable[Series], kind: str) -> list[Series]:
    """Of each file the measured series that reaches furthest, of those the one with the most points."""
    best: dict[str, Series] = {}
    for one in series:
        if one.step_kind == kind and one.phase != "system" and one.steps:
            known = best.get(one.file)
            if known is None or (max(one.steps), len(one.steps)) > (max(known.steps), len(known.steps)):
                best[one.file] = one
    return list(best.values())


def _of_counts(one: Series, counts: tuple[float, ...]) -> _Progress:
    tail = sorted(set(counts[-_TAIL:]))
    interval = tail[-1] - tail[-2] if len(tail) > 1 else 1.0
    return _Progress(max(counts), interval, min(counts) == 0.0, one.span(-1))
