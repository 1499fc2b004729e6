"""Rows of named values, whatever file they come from: which column counts steps, which is a metric, which is neither."""

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

from misrun.tools.readers.builder import RunBuilder, StepKind
from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.metric_names import canonical_metric, is_training_metric, mebibytes
from misrun.tools.readers.number_text import parse_number
from misrun.tools.readers.run_record import Ending, Phase

Role = Literal["step", "epoch", "planned", "phase", "ignored", "metric"]

# The widest table of metrics in the samples has 60 columns and RLlib writes about 300; beyond this it is data.
MAX_SERIES = 1_000
# Column names in order of preference: what counts optimizer or environment steps globally comes before what a tool
# counts by itself (W&B's "_step" counts calls of log) and before counters that restart.
_STEP_NAMES = (
    "global_step num_updates current_steps total_timesteps timesteps_total num_env_steps_sampled_lifetime "
    "num_env_steps_sampled timesteps env_steps step steps iteration iterations iter iters itr training_iteration "
    "train_step train_iter update updates n_updates _step batch_idx"
).split()
_EPOCH_NAMES = frozenset("epoch epochs epoch_num epoch_idx current_epoch ep".split())
_PLANNED_NAMES = frozenset("total_steps max_steps max_iters total_iters num_training_steps".split())
_PHASE_NAMES = frozenset("mode split phase collection stage".split())
_IGNORED_NAMES = frozenset(
    "_timestamp _runtime timestamp timestamps wall_time walltime wall time_elapsed elapsed elapsed_time remaining_time "
    "datetime date eta eta_seconds percentage hp_metric time_total_s relative_time train_wall time_this_iter_s pid "
    "index idx id".split()
)
_COUNTER_PREFIX = re.compile(r"^(?:train|trainer|time|charts|perf|progress|global)/")
_EVAL_WORD = re.compile(r"val|eval|test|dev", re.IGNORECASE)


def _key(name: str) -> str:
    return re.sub(r"[\s.\-]+", "_", name.strip().lower())


@cache
def role(name: str) -> Role:
    """What the column of that name is for."""
    key = _COUNTER_PREFIX.sub("", _key(name))
    if key in _STEP_NAMES:
        return "step"
    if key in _EPOCH_NAMES:
        return "epoch"
    if key in _PLANNED_NAMES:
        return "planned"
    if key in _PHASE_NAMES:
        return "phase"
    wandb_extreme = key.endswith(("__min", "__max"))
    return "ignored" if not key or key in _IGNORED_NAMES or key.startswith("unnamed:") or wandb_extreme else "metric"


@cache
def _preference(name: str) -> int:
    return _STEP_NAMES.index(_COUNTER_PREFIX.sub("", _key(name)))


def looks_like_metrics(names: Iterable[str]) -> bool:
    """Whether columns of these names are a training history and not a data set.

    A history has a column that only training writes (a loss, a learning rate), or counts steps or epochs beside
    something that can be a metric.
    """
    listed = list(names)
    roles = {role(name) for name in listed}
    if any(is_training_metric(name) for name in listed):
        return True
    return bool(roles & {"step", "epoch"}) and "metric" in roles


class MetricTable:
    """Feeds the rows of one table to the builder, each value with its step and line."""

    def __init__(self, file: str, run: RunBuilder, *, phase: Phase | None = None) -> None:
        self._file = file
        self._run = run
        self._phase = phase
        self._series: set[str] = set()
        self._offset = 0.0
        self._last: tuple[float, float] | None = None
        self.last_step: float | None = None

    def row(self, cells: Mapping[str, object], line: int | Mapping[str, int] = 0) -> None:
        """One row, on one line or with the line of each cell. Cells are numbers or text that may be a number;
        everything else is passed over.

        Steps that restart with every epoch are made to go on from the epoch before.
        """
        numbers = {name: number for name, cell in cells.items() if (number := _number(cell)) is not None}
        phase = self._row_phase(cells)
        step, kind = self._position(numbers, phase)
        for name, value in numbers.items():
            what = role(name)
            if what == "metric" or (what == "epoch" and kind == "step"):
                where = line if isinstance(line, int) else line.get(name, 0)
                self._point(name, value, where, step, kind, phase)
            elif what == "planned":
                self._run.ending = combined_ending(self._run.ending, Ending(planned_steps=value))

    def _point(
        self, name: str, value: float, line: int, step: float | None, kind: StepKind, phase: Phase | None
    ) -> None:
        if name not in self._series:
            if len(self._series) >= MAX_SERIES and not is_training_metric(name):
                self._run.note(f"{self._file}: only {MAX_SERIES} columns were read")
                return
            self._series.add(name)
        quantity, named_phase = canonical_metric(name)
        if named_phase == "system":
            phase = None
        if quantity == "memory":
            value = mebibytes(name, value)
        self._run.metric(name, value, file=self._file, line=line, step=step, step_kind=kind, phase=phase)

    def _row_phase(self, cells: Mapping[str, object]) -> Phase | None:
        said = next((cell for name, cell in cells.items() if isinstance(cell, str) and role(name) == "phase"), None)
        if said is None:
            return self._phase
        return "eval" if _EVAL_WORD.match(said.strip()) else self._phase

    def _position(self, numbers: Mapping[str, float], phase: Phase | None) -> tuple[float | None, StepKind]:
        finite = {name: value for name, value in numbers.items() if math.isfinite(value)}
        step_names = sorted((name for name in finite if role(name) == "step"), key=_preference)
        epoch = next((value for name, value in finite.items() if role(name) == "epoch"), None)
        if not step_names or (phase == "eval" and self._phase is None and epoch is not None):
            # In a table that marks its rows, the step of an evaluation row counts evaluation batches.
            return epoch, "epoch"
        step = finite[step_names[0]]
        if epoch is not None:
            step = self._continued(step, epoch)
        self.last_step = max(step, self.last_step or 0.0)
        return step, "step"

    def _continued(self, step: float, epoch: float) -> float:
        if self._last is not None and epoch > self._last[0] and step + self._offset < self._last[1]:
            self._offset = self._last[1]
        self._last = (epoch, step + self._offset)
        return step + self._offset


def _number(cell: object) -> float | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return _float(cell)
    return parse_number(cell) if isinstance(cell, str) else None


def _float(cell: float) -> float | None:
    try:
        return float(cell)
    except OverflowError:  # an integer of more than 308 digits
        return None
