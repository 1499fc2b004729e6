"""Rows of named values, whatever file they come from: which column counts steps and which is a metric."""

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import TracebackType
from typing import Literal, NamedTuple, Self

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.lines.metric_words import strength
from misrun.tools.readers.lines.points import Points
from misrun.tools.readers.lines.position import Mark
from misrun.tools.readers.metric_names import (
    canonical_metric,
    is_measured_in_evaluation,
    is_training_metric,
    mebibytes,
)
from misrun.tools.readers.number_text import parse_number
from misrun.tools.readers.run_record import Ending, Phase

Role = Literal["step", "epoch", "planned", "phase", "ignored", "metric"]

# Column names in order of preference: what counts optimizer or environment steps globally comes before what a tool
# counts by itself (W&B's "_step" counts calls of log) and before counters that restart.
_STEP_NAMES = (
    "global_step", "num_updates", "current_steps", "total_timesteps", "timesteps_total",
    "num_env_steps_sampled_lifetime", "num_env_steps_sampled", "timesteps", "env_steps", "step", "steps",
    "iteration", "iterations", "iter", "iters", "itr", "training_iteration", "train_step", "train_iter",
    "update", "updates", "n_updates", "_step", "batch_idx", "batch_id", "batch_num", "minibatch", "step_in_epoch",
    "iter_in_epoch", "batch",
)  # fmt: skip
_EPOCH_NAMES = frozenset(["epoch", "epochs", "epoch_num", "epoch_idx", "current_epoch", "ep"])
_PLANNED_NAMES = frozenset(["total_steps", "max_steps", "max_iters", "total_iters", "num_training_steps"])
_PHASE_NAMES = frozenset(["mode", "split", "phase", "collection", "stage"])
_IGNORED_NAMES = frozenset((
    "_timestamp", "_runtime", "timestamp", "timestamps", "wall_time", "walltime", "wall", "time_elapsed",
    "elapsed", "elapsed_time", "remaining_time", "datetime", "date", "eta", "eta_seconds", "percentage",
    "hp_metric", "time_total_s", "relative_time", "train_wall", "time_this_iter_s", "pid", "index", "idx", "id",
))  # fmt: skip
# Counters in the plural: beside settings they say how many there are to be. "batch" is the size of one there.
_LENGTHS = frozenset(("steps", "epochs", "iterations", "iters", "updates", "timesteps", "batch"))
_COUNTER_PREFIX = re.compile(r"^(?:train|trainer|time|charts|perf|progress|global)/")
# JSON lines may have different keys in every line; beyond this many sets of keys remembering them does not pay.
_MAX_SHAPES = 1_000
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
    return (
        "ignored"
        if not key or key in _IGNORED_NAMES or key.startswith(("unnamed:", "_wandb")) or wandb_extreme
        else "metric"
    )


@cache
def _preference(name: str) -> int:
    """Where a counter stands in the order of _STEP_NAMES; everything else keeps its place behind."""
    return _STEP_NAMES.index(_COUNTER_PREFIX.sub("", _key(name))) if role(name) == "step" else len(_STEP_NAMES)


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


def states_settings(names: Iterable[str]) -> bool:
    """Whether numbers of these names could be the settings of a run: nothing measured among them, and no place in
    training, but a length ("steps": 600) or a setting that a history may repeat ("lr")."""
    listed = [name.lower() for name in names]
    measured = any(strength(name) == 2 for name in listed)
    placed = any(role(name) in ("step", "epoch") and name.rsplit("/", 1)[-1] not in _LENGTHS for name in listed)
    return len(listed) > 1 and not measured and not placed


class _Column(NamedTuple):
    """What is known of a column by its name."""

    name: str
    role: Role
    is_memory: bool
    phase: Phase | None


class MetricTable:
    """Feeds the rows of one table to the builder, each value with its step and line.

    A context manager: points reach the builder, thinned where a series is very long, when it is left.
    """

    def __init__(self, file: str, run: RunBuilder, *, eval_names: frozenset[str] = frozenset()) -> None:
        """`eval_names` are columns that hold evaluation results though their names do not say so."""
        self._file = file
        self._run = run
        self._points = Points(run, file)
        self._eval_names = eval_names
        self._shapes: dict[tuple[str, ...], list[_Column]] = {}
        self._offset = 0.0
        self._last: tuple[float, float] | None = None
        self.last_step: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._points.flush()

    def row(self, cells: Mapping[str, object], line: int | Mapping[str, int] = 0) -> None:
        """One row, on one line or with the line of each cell. Cells are numbers or text that may be a number;
        everything else is passed over.

        Steps that restart with every epoch are made to go on from the epoch before.
        """
        columns = self._columns(tuple(cells))
        phase = _row_phase(columns, cells)
        mark = self._position(columns, cells, phase)
        for column in columns:
            if column.role == "metric" or (column.role == "epoch" and mark and mark.kind == "step"):
                value = _number(cells[column.name])
                if value is not None:
                    where = line if isinstance(line, int) else line.get(column.name, 0)
                    self._point(column, value, where, mark, phase)
            elif column.role == "planned":
                planned = Ending(planned_steps=_number(cells[column.name]))
                self._run.ending = combined_ending(self._run.ending, planned)

    def _columns(self, names: tuple[str, ...]) -> list[_Column]:
        """The columns of a row of these names, preferred counters first; a table has few shapes of rows."""
        if names not in self._shapes:
            if len(self._shapes) > _MAX_SHAPES:
                self._shapes.clear()
            columns = [self._column(name) for name in names if role(name) != "ignored"]
            self._shapes[names] = sorted(columns, key=lambda column: _preference(column.name))
        return self._shapes[names]

    def _column(self, name: str) -> _Column:
        quantity, named_phase = canonical_metric(name)
        told: Phase | None = "eval" if name in self._eval_names else "system" if named_phase == "system" else None
        return _Column(name, role(name), quantity == "memory", told)

    def _point(self, column: _Column, value: float, line: int, mark: Mark | None, row_phase: Phase | None) -> None:
        if column.is_memory:
            value = mebibytes(column.name, value)
        # Without a phase of its own the builder reads it off the name; "val_loss" stays one in a row of training.
        named = row_phase == "train" and not is_measured_in_evaluation(column.name)
        phase = None if column.phase == "system" or (named and column.phase is None) else column.phase or row_phase
        self._points.add(column.name, value, line, mark, phase)

    def _position(self, columns: list[_Column], cells: Mapping[str, object], phase: Phase | None) -> Mark | None:
        step = _first_finite("step", columns, cells)
        epoch = _first_finite("epoch", columns, cells)
        counts_batches = phase == "eval" and epoch is not None  # in a table that marks its rows
        if self.last_step is not None and (step is None or counts_batches):
            # Evaluation at the end of an epoch: it stands at the training step before it.
            return Mark(self.last_step, "step")
        if step is None:
            return None if epoch is None else Mark(epoch, "epoch")
        if epoch is not None:
            step = self._continued(step, epoch)
        self.last_step = max(step, self.last_step or 0.0)
        return Mark(step, "step")

    def _continued(self, step: float, epoch: float) -> float:
        if self._last is not None and epoch > self._last[0] and step + self._offset < self._last[1]:
            # Counted from 0 the first batch follows the last; counted otherwise its number is added.
            self._offset = self._last[1] + (step == 0)
        elif self._last is not None and epoch < self._last[0]:  # the run was started again
            self._offset = 0.0
        self._last = (epoch, step + self._offset)
        return step + self._offset


def _row_phase(columns: list[_Column], cells: Mapping[str, object]) -> Phase | None:
    """What a row says of itself in a column such as "mode"."""
    said = next((cells[column.name] for column in columns if column.role == "phase"), None)
    if not isinstance(said, str):
        return None
    return "eval" if _EVAL_WORD.match(said.strip()) else "train" if said.strip().lower().startswith("train") else None


def _first_finite(wanted: Role, columns: list[_Column], cells: Mapping[str, object]) -> float | None:
    for column in columns:
        if column.role == wanted:
            value = _number(cells[column.name])
            if value is not None and math.isfinite(value):
                return value
    return None


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
