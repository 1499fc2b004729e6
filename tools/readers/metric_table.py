"""Rows of named values, whatever file they come from: which column counts steps and which is a metric."""

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import TracebackType
from typing import Literal, Self

from misrun.tools.readers.builder import RunBuilder
from misrun.tools.readers.ending import combined_ending
from misrun.tools.readers.lines.points import Points
from misrun.tools.readers.lines.position import Mark
from misrun.tools.readers.metric_names import canonical_metric, is_training_metric, mebibytes
from misrun.tools.readers.number_text import parse_number
from misrun.tools.readers.run_record import Ending, Phase

Role = Literal["step", "epoch", "planned", "phase", "ignored", "metric"]

# Column names in order of preference: what counts optimizer or environment steps globally comes before what a tool
# counts by itself (W&B's "_step" counts calls of log) and before counters that restart.
_STEP_NAMES = (
    "global_step", "num_updates", "current_steps", "total_timesteps", "timesteps_total",
    "num_env_steps_sampled_lifetime", "num_env_steps_sampled", "timesteps", "env_steps", "step", "steps",
    "iteration", "iterations", "iter", "iters", "itr", "training_iteration", "train_step", "train_iter",
    "update", "updates", "n_updates", "_step", "batch_idx",
)  # fmt: skip
_EPOCH_NAMES = frozenset(["epoch", "epochs", "epoch_num", "epoch_idx", "current_epoch", "ep"])
_PLANNED_NAMES = frozenset(["total_steps", "max_steps", "max_iters", "total_iters", "num_training_steps"])
_PHASE_NAMES = frozenset(["mode", "split", "phase", "collection", "stage"])
_IGNORED_NAMES = frozenset((
    "_timestamp", "_runtime", "timestamp", "timestamps", "wall_time", "walltime", "wall", "time_elapsed",
    "elapsed", "elapsed_time", "remaining_time", "datetime", "date", "eta", "eta_seconds", "percentage",
    "hp_metric", "time_total_s", "relative_time", "train_wall", "time_this_iter_s", "pid", "index", "idx", "id",
))  # fmt: skip
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
    return (
        "ignored"
        if not key or key in _IGNORED_NAMES or key.startswith(("unnamed:", "_wandb")) or wandb_extreme
        else "metric"
    )


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
    """Feeds the rows of one table to the builder, each value with its step and line.

    A context manager: points reach the builder, thinned where a series is very long, when it is left.
    """

    def __init__(self, file: str, run: RunBuilder, *, eval_names: frozenset[str] = frozenset()) -> None:
        """`eval_names` are columns that hold evaluation results though their names do not say so."""
        self._file = file
        self._run = run
        self._points = Points(run, file)
        self._eval_names = eval_names
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
        numbers = {name: number for name, cell in cells.items() if (number := _number(cell)) is not None}
        phase = self._row_phase(cells)
        mark = self._position(numbers, phase)
        for name, value in numbers.items():
            what = role(name)
            if what == "metric" or (what == "epoch" and mark and mark.kind == "step"):
                where = line if isinstance(line, int) else line.get(name, 0)
                self._point(name, value, where, mark, phase)
            elif what == "planned":
                self._run.ending = combined_ending(self._run.ending, Ending(planned_steps=value))

    def _point(self, name: str, value: float, line: int, mark: Mark | None, phase: Phase | None) -> None:
        quantity, named_phase = canonical_metric(name)
        if quantity == "memory":
            value = mebibytes(name, value)
        if name in self._eval_names:
            phase = "eval"
        self._points.add(name, value, line, mark, None if named_phase == "system" else phase)

    @staticmethod
    def _row_phase(cells: Mapping[str, object]) -> Phase | None:
        said = next((cell for name, cell in cells.items() if isinstance(cell, str) and role(name) == "phase"), None)
        if said is None:
            return None
        return "eval" if _EVAL_WORD.match(said.strip()) else None

    def _position(self, numbers: Mapping[str, float], phase: Phase | None) -> Mark | None:
        finite = {name: value for name, value in numbers.items() if math.isfinite(value)}
        step_names = sorted((name for name in finite if role(name) == "step"), key=_preference)
        epoch = next((value for name, value in finite.items() if role(name) == "epoch"), None)
        if phase == "eval" and epoch is not None and self.last_step is not None:
            # In a table that marks its rows, the step of an evaluation row counts evaluation batches.
            return Mark(self.last_step, "step")
        if not step_names:
            return None if epoch is None else Mark(epoch, "epoch")
        step = finite[step_names[0]]
        if epoch is not None:
            step = self._continued(step, epoch)
        self.last_step = max(step, self.last_step or 0.0)
        return Mark(step, "step")

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
