"""Grades a submission: runs it confined on data drawn for this grading alone, then measures what it left.

What the judge tests on is drawn after the last run has ended, from a seed that nobody can foresee, and never touches
the disk; reading these files tells a submission how it is judged, not what the answers are.
"""

import io
import secrets
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from misrun.scenarios.arena.left import MOST_BYTES
from misrun.scenarios.arena.naming import Claimed, Named, named
from misrun.scenarios.arena.task import Array, Judged, Left, Runner, Task, Trial
from misrun.scenarios.execution import ENVIRONMENT
from misrun.tools.record import Record
from misrun.tools.sandbox.sandbox import Bounds, Confined, run_confined

_OUTPUT_BYTES = 200_000
_SHOWN_CHARACTERS = 4000
_RUNNERS: dict[Runner, str] = {"plain": "", "deferred": "run_deferred.py", "lenient": "run_lenient.py"}


class Grade(Record):
    """`reward` is for the code alone; how well the bugs were named and explained stands apart in `named`. `output` is
    what the first run printed, its end where it is long."""

    task: str
    variant: int
    reward: float
    fixed: dict[str, bool]
    metrics: dict[str, float]
    named: Named
    output: str


def grade(task: Task, variant: int, code: str, claimed: Claimed | None = None) -> Grade:
    """Runs and judges `code`. Raises NotConfinable where this machine cannot confine it."""
    rng = np.random.default_rng(secrets.randbits(128))
    runs = {trial.name: (trial, run_trial(trial, code, task.writes)) for trial in task.trials(variant, rng)}
    judged: Judged = task.judge(variant, runs, np.random.default_rng(secrets.randbits(128)))
    first = next(iter(runs.values()))[1]
    return Grade(
        task=task.id,
        variant=variant,
        reward=round(judged.reward, 4),
        fixed=judged.fixed,
        metrics=judged.metrics,
        named=named(task, variant, claimed or Claimed()),
        output=(first.output + (f"\n[stopped: {first.stopped}]" if first.stopped else ""))[-_SHOWN_CHARACTERS:],
    )


def run_trial(trial: Trial, code: str, writes: tuple[str, ...]) -> Left:
    """Runs the script in a folder of its own, which is gone when this returns."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lay_out(folder, code, trial.files)
        runner = _RUNNERS[trial.runner]
        command = [sys.executable, *([str(Path(__file__).with_name(runner))] if runner else []), "train.py"]
        bounds = Bounds(
            seconds=trial.seconds, memory_mib=trial.memory_mib, processes=32, output_bytes=_OUTPUT_BYTES, file_mib=64
        )
        done: Confined = run_confined(command, folder, bounds, ENVIRONMENT)
        written = {name: data for name in writes if (data := _written(folder / name)) is not None}
    return Left(done.exit_code, done.stopped, done.output, written)


def lay_out(folder: Path, code: str, files: Mapping[str, Mapping[str, Array] | bytes]) -> None:
    """train.py and its data, as a solver or a grading run finds them."""
    (folder / "train.py").write_text(code, "utf-8")
    (folder / "data").mkdir()
    for name, content in files.items():
        (folder / "data" / name).write_bytes(content if isinstance(content, bytes) else _npz(content))


def _npz(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _written(path: Path) -> bytes | None:
    """A plain file of the run's own folder: a link could lead to a file of ours."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_BYTES:
        return None
    return path.read_bytes()
