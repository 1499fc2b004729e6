"""Runs every method over every split, one row per case; goes on where it was interrupted; one failing case is a row."""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from misrun.evals import splits
from misrun.evals.cases import EvalCase
from misrun.evals.methods import METHODS
from misrun.evals.splits import Fold
from misrun.tools.diagnosis.facts import Facts
from misrun.tools.diagnosis.hypothesis import Diagnosis
from misrun.tools.diagnosis.methods.method import Method
from misrun.tools.diagnosis.methods.simulated_human import SimulatedHuman
from misrun.tools.record import Record

# The paper's section 6: how long before the failure a diagnosis is asked for, in optimizer steps.
LEAD_STEPS = (10, 50, 100)
HUMAN = SimulatedHuman.name
# What a method gets to see of a test case, by split; None leaves the case out (it has no such view).
VIEWS: dict[str, Callable[[EvalCase], Facts | None]] = {
    "logs_only": EvalCase.facts_of_logs,
    **{f"lead_{steps}": (lambda case, steps=steps: case.facts_before(steps)) for steps in LEAD_STEPS},  # type: ignore[misc]
}


class Row(Record):
    """One prediction, and everything needed to trace a number back to its case. `hit` and `mode_hit` count the
    accepted alternatives of the answer as right."""

    scenario: str
    method: str
    split: str
    fold: str
    category: str
    mode: str
    predicted_category: str
    predicted_mode: str
    top_modes: tuple[str, ...]
    probability: float
    abstained: bool
    hit: bool
    mode_hit: bool
    top3_hit: bool
    reason: str = ""
    missing: str | None = None
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True)
class Task:
    """One method on one fold, seen through one view."""

    method: str
    fold: Fold

    @property
    def key(self) -> str:
        return f"{self.method}|{self.fold.split}|{self.fold.name}"


def plan(cases: Sequence[EvalCase], methods: Sequence[str], fresh: Sequence[EvalCase] = ()) -> list[Task]:
    """Every task: all splits of `cases`, and all cases against the `fresh` ones (which follow them in one list)."""
    folds = [*splits.stratified(cases), *splits.grouped(cases), *splits.unseen_architecture(cases)]
    folds += splits.unseen_optimizer(cases)
    for view in VIEWS:
        folds += [Fold(view, fold.name, fold.train, fold.test) for fold in splits.grouped(cases)]
    if fresh:
        known, total = len(cases), len(cases) + len(fresh)
        folds.append(Fold("fresh", "all", tuple(range(known)), tuple(range(known, total))))
    return [Task(method, fold) for method in methods for fold in folds]


def run(
    cases: Sequence[EvalCase], tasks: Sequence[Task], results: Path, jobs: int, done: Callable[[Task], None]
) -> list[Row]:
    """Works off the tasks that `results` (JSON lines) does not hold yet, `jobs` at a time; returns all rows."""
    rows, finished = _read(results)
    left = [task for task in tasks if task.key not in finished]
    with ProcessPoolExecutor(jobs, initializer=_share, initargs=(tuple(cases),)) as pool:
        waiting = {pool.submit(_work, task): task for task in left}
        for future in as_completed(waiting):
            found = future.result()
            _append(results, waiting[future], found)
            rows += found
            done(waiting[future])
    wanted = {task.key for task in tasks}
    return [row for row in rows if f"{row.method}|{row.split}|{row.fold}" in wanted]


_CASES: tuple[EvalCase, ...] = ()


def _share(cases: tuple[EvalCase, ...]) -> None:
    """Gives a worker process the cases once, instead of with every task."""
    global _CASES
    _CASES = cases


def _work(task: Task) -> list[Row]:
    return evaluate(_CASES, task)


def evaluate(cases: Sequence[EvalCase], task: Task) -> list[Row]:
    """Fits the task's method on its training cases and diagnoses each of its test cases."""
    view = VIEWS.get(task.fold.split, EvalCase.facts)
    if task.method == HUMAN:
        return list(_human(cases, task, view))
    method = METHODS[task.method]()
    method.fit([cases[i].as_case() for i in task.fold.train])
    return [row for i in task.fold.test if (row := _row(cases[i], task, method, view)) is not None]


def _row(case: EvalCase, task: Task, method: Method, view: Callable[[EvalCase], Facts | None]) -> Row | None:
    facts = view(case)
    if facts is None:
        return None
    began = time.perf_counter()
    try:
        diagnosis = method.predict(facts)
    # Whatever a method does with a strange case is this case's row and not the end of the evaluation.
    except Exception as error:  # noqa: BLE001
        return judged(case, task, None, time.perf_counter() - began, f"{type(error).__name__}: {error}")
    return judged(case, task, diagnosis, time.perf_counter() - began)


def _human(cases: Sequence[EvalCase], task: Task, view: Callable[[EvalCase], Facts | None]) -> Iterator[Row]:
    human = SimulatedHuman()
    human.fit([cases[i].as_case() for i in task.fold.train])
    for i in task.fold.test:
        if view(cases[i]) is not None:
            yield judged(cases[i], task, human.predict_labelled(cases[i].as_case(), i), 0.0)


def judged(case: EvalCase, task: Task, diagnosis: Diagnosis | None, seconds: float, error: str | None = None) -> Row:
    """The row of one diagnosis (None: the method failed). An abstention counts as the answer "unknown"."""
    category = diagnosis.category if diagnosis else "error"
    mode = diagnosis.mode if diagnosis else "error"
    top = tuple(h.mode for h in diagnosis.hypotheses[:3]) if diagnosis else ()
    accepted = case.answer.accepted
    first = diagnosis.hypotheses[0] if diagnosis and diagnosis.hypotheses else None
    return Row(
        scenario=case.id,
        method=task.method,
        split=task.fold.split,
        fold=task.fold.name,
        category=case.category,
        mode=case.mode,
        predicted_category=category,
        predicted_mode=mode,
        top_modes=top,
        probability=diagnosis.likelihood if diagnosis else math.nan,
        abstained=diagnosis.abstained if diagnosis else False,
        hit=category in {m.split("/", 1)[0] for m in accepted},
        mode_hit=mode in accepted,
        top3_hit=mode in accepted or bool(accepted & set(top)),
        reason=diagnosis.reason if diagnosis else "",
        missing=diagnosis.missing if diagnosis else None,
        evidence=tuple(g.text for g in first.supporting[:4]) if first else (),
        against=tuple(g.text for g in first.opposing[:4]) if first else (),
        seconds=round(seconds, 4),
        error=error,
    )


def _read(path: Path) -> tuple[list[Row], set[str]]:
    """Rows and finished tasks of an earlier call; a line cut short by an interruption is left out with its task."""
    rows: list[Row] = []
    finished: set[str] = set()
    pending: list[Row] = []
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        if "finished" in fields:
            finished.add(fields["finished"])
            rows += pending
            pending = []
        else:
            pending.append(Row.model_validate(fields))
    return rows, finished


def _append(path: Path, task: Task, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [*(row.model_dump_json() for row in rows), json.dumps({"finished": task.key})]
    with path.open("a", encoding="utf-8") as stream:
        stream.write("".join(f"{line}\n" for line in lines))
