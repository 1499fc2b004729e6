"""What a task of the arena is: a script with planted bugs, data of the grader's own making, and a judge.

The grader runs a submission several times. Each time (`Trial`) it lays fresh data under data/, lets the submission run
confined, and keeps what it left (`Left`). The judge then measures what was left, by its own code and on data that was
drawn after the run; nothing that a submission says about itself is believed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from misrun.tools.record import Record

Difficulty = Literal["easy", "medium", "hard"]
# A script that is run as it is, or by a program of ours that neutralises one kind of bug so that the others can be
# judged apart (run_deferred.py, run_lenient.py).
Runner = Literal["plain", "deferred", "lenient"]
Array = NDArray[Any]
Rng = np.random.Generator
T = TypeVar("T")

ROOMY_MIB = 3000


class Bug(Record):
    """One planted bug. `modes` are the failure modes that name it, `line` is the pattern of the lines it stands in,
    `told` are patterns that an explanation of it matches, all of them."""

    id: str
    what: str
    modes: tuple[str, ...]
    line: str
    told: tuple[str, ...]


class Shown(Record):
    """What the solver is given: the script and what is expected of it."""

    task: str
    variant: int
    script: str
    description: str


@dataclass(frozen=True)
class Trial:
    """One run of the submission: files to lay down (name -> arrays of an .npz, or bytes), how it is run, the memory it
    may hold, and what only the grader knows of the data."""

    name: str
    files: Mapping[str, Mapping[str, Array] | bytes]
    truth: Any
    runner: Runner = "plain"
    memory_mib: int = ROOMY_MIB
    seconds: float = 60.0


@dataclass(frozen=True)
class Left:
    """What a run left: its exit code (None: stopped, `stopped` says why), its output, and the files it wrote."""

    exit_code: int | None
    stopped: str
    output: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        return self.exit_code == 0


class Judged(Record):
    """The reward, which of the planted bugs are gone, and the numbers behind it."""

    reward: float
    fixed: dict[str, bool]
    metrics: dict[str, float]


Runs = Mapping[str, tuple[Trial, Left]]


@dataclass(frozen=True)
class Task:
    """`script` renders the buggy script of a variant, `trials` draws the data of a grading, `judge` measures its runs
    with a generator of its own, seeded after they ended; `memory_mib` is what the script may hold while it is
    looked into, `examples` the data that a solver may look at."""

    id: str
    name: str
    difficulty: Difficulty
    bugs: tuple[Bug, ...]
    description: str
    writes: tuple[str, ...]
    script: Callable[[int], str]
    trials: Callable[[int, Rng], Sequence[Trial]]
    judge: Callable[[int, Runs, Rng], Judged]
    memory_mib: int = ROOMY_MIB

    def shown(self, variant: int) -> Shown:
        return Shown(task=self.id, variant=variant, script=self.script(variant), description=self.description)

    def examples(self, variant: int) -> Mapping[str, Mapping[str, Array] | bytes]:
        """The data that a solver may run the script on: another draw than any that is graded."""
        return self.trials(variant, np.random.default_rng([variant, len(self.id)]))[0].files


def pick(variant: int, *choices: T) -> T:
    """The choice of a variant where all choices come in turn."""
    return choices[variant % len(choices)]


def drawn(task: str, variant: int) -> Rng:
    """The generator behind the free choices (sizes, seeds) of a variant."""
    return np.random.default_rng([variant, *task.encode()])


def share(value: float, low: float, high: float) -> float:
    """Where `value` lies between `low` (0) and `high` (1), cut off outside; 0 for NaN."""
    return min(1.0, max(0.0, (value - low) / (high - low))) if value == value else 0.0


def within(low: float, high: float, part: float) -> float:
    """The reward in a band of the rubric."""
    return low + (high - low) * part
