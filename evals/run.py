"""Runs every method over every fold: a row per judgement, on from where it was interrupted; a failing case is a row."""

import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from misrun.evals.cases import EvalCase
from misrun.evals.engines import Engine, each
from misrun.evals.methods import METHODS
from misrun.evals.row import Row, failed, judged
from misrun.evals.splits import Fold
from misrun.evals.views import has_view, seen
from misrun.tools.diagnosis.methods.method import Case, Method
from misrun.tools.diagnosis.methods.simulated_human import SimulatedHuman


@dataclass(frozen=True)
class Task:
    """One method fitted on one fold: the unit of work, of progress and of resuming."""

    method: str
    fold: Fold

    def keys(self, cases: Sequence[EvalCase]) -> set[tuple[str, str, str]]:
        """The keys of the rows this task ends with."""
        return {
            (self.method, split, cases[i].id)
            for split, view in self.fold.judged
            for i in self.fold.test
            if has_view(cases[i], view)
        }


def run(
    cases: Sequence[EvalCase],
    tasks: Sequence[Task],
    results: Path,
    jobs: int,
    engine: Engine = Engine.local,
    done: Callable[[Task], None] = lambda _: None,
) -> list[Row]:
    """Works off the tasks whose rows `results` (JSON lines) lacks, `jobs` at a time; returns the rows of all tasks."""
    wanted = {task: task.keys(cases) for task in tasks}
    earlier = {row.key: row for row in read_rows(results)}
    left = [task for task in tasks if not wanted[task] <= earlier.keys()]
    rows = dict(earlier)
    for task, found in each(evaluate, tuple(cases), left, jobs, engine):
        fresh = [row for row in found if row.key not in earlier]
        append_rows(results, fresh)
        rows |= {row.key: row for row in fresh}
        done(task)
    keys = set().union(*wanted.values()) if wanted else set()
    return [row for key, row in rows.items() if key in keys]


def evaluate(cases: Sequence[EvalCase], task: Task) -> list[Row]:
    """Fits the task's method on its training cases and diagnoses each of its test cases through each view."""
    method = METHODS[task.method]()
    fold = task.fold
    # Estimators warn of missing values and of small classes; the tables have both on purpose.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"(sklearn|interpret|lightgbm)\b")
    try:
        method.fit([_training(cases[i], fold.train_view) for i in fold.train])
    # A method that cannot be fitted (too few cases of a kind, say) is this fold's rows and not the end of the others.
    except Exception as error:  # noqa: BLE001
        reason = _words(error)
        return [failed(cases[i], task.method, split, fold.name, reason) for split, _, i in _judgements(cases, fold)]
    return [_row(cases[i], method, task, split, view, i) for split, view, i in _judgements(cases, fold)]


def _judgements(cases: Sequence[EvalCase], fold: Fold) -> Iterator[tuple[str, str, int]]:
    for split, view in fold.judged:
        yield from ((split, view, i) for i in fold.test if has_view(cases[i], view))


def _training(case: EvalCase, view: str) -> Case:
    facts = seen(case, view)
    assert facts is not None, "training views exist for every case"
    return Case(facts=facts, mode=case.mode, also=case.answer.accepted)


def _row(case: EvalCase, method: Method | SimulatedHuman, task: Task, split: str, view: str, number: int) -> Row:
    try:
        facts = seen(case, view)
        assert facts is not None, "the fold judges only cases that have this view"
        began = time.perf_counter()
        if isinstance(method, SimulatedHuman):
            diagnosis = method.predict_labelled(Case(facts, case.mode), number)
        else:
            diagnosis = method.predict(facts)
        return judged(case, task.method, split, task.fold.name, diagnosis, time.perf_counter() - began)
    # Whatever a method does with a strange case is this case's row and not the end of the evaluation.
    except Exception as error:  # noqa: BLE001
        return failed(case, task.method, split, task.fold.name, _words(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def read_rows(path: Path) -> list[Row]:
    """The rows of an earlier call; a line that an interruption cut short is left out."""
    rows = []
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        try:
            rows.append(Row.model_validate(json.loads(line)))
        except ValueError:
            continue
    return rows


def append_rows(path: Path, rows: Sequence[Row]) -> None:
    """Adds the rows at the end, after a line that was cut short too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut = path.is_file() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with path.open("a", encoding="utf-8") as stream:
        stream.write("\n" * cut + "".join(f"{row.model_dump_json()}\n" for row in rows))
