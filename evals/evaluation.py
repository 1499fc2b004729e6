"""One evaluation from scenarios to files: results.jsonl, summary.json, report.md and report.html in one folder."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from misrun.evals import report, splits
from misrun.evals.cases import EvalCase, fingerprint, load_cases
from misrun.evals.compare import Change, compare_with
from misrun.evals.engines import Engine
from misrun.evals.importance import Importance, importance_of
from misrun.evals.methods import METHODS, skipped
from misrun.evals.row import Row, unreadable
from misrun.evals.run import Task, append_rows, run
from misrun.evals.summary import CHAMPION, Evaluation, summarise_all
from misrun.scenarios.schema import Scenario
from misrun.tools.diagnosis.fusion import SHIPPED

# The methods whose loss without a group of signals is measured: misrun, and the best of the paper's classifiers.
ABLATED = (CHAMPION, "random_forest")
RESULTS, SUMMARY, MARK = "results.jsonl", "summary.json", "evaluation.json"
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Request:
    """What to evaluate. `judged` names the scenarios to judge (None: all); methods are fitted on all of them."""

    scenarios: Sequence[Scenario]
    out: Path
    fresh: Sequence[Scenario] = ()
    methods: Sequence[str] = tuple(METHODS)
    judged: frozenset[str] | None = None
    jobs: int = 1
    engine: Engine = Engine.local
    compare: Path | None = None


@dataclass(frozen=True)
class Result:
    """What came of it; `set_aside` is where rows of another version of misrun or of the cases were kept."""

    evaluation: Evaluation
    rows: Sequence[Row]
    changes: Sequence[Change] = ()
    set_aside: Path | None = None


def _silent(done: int, of: int, what: str) -> None:
    """Progress that nobody asked for."""


def evaluate(request: Request, progress: Progress = _silent) -> Result:
    """Reads, runs (on from where an earlier call stopped), sums up and writes."""
    progress(0, 0, "reading scenarios and checking their code")
    cases, bad = _read(request.scenarios, request.jobs)
    fresh, bad_fresh = _read(request.fresh, request.jobs)
    reasons = skipped(request.methods)
    methods = [name for name in request.methods if name not in reasons]
    version, of_cases = engine_digest(), fingerprint([*cases, *fresh])
    set_aside = _set_aside(request.out, {"engine": version, "cases": of_cases})
    rows = _run(request, [*cases, *fresh], _tasks(cases, fresh, methods, request.judged), progress)
    rows += _unreadable(request.out, methods, bad | bad_fresh)
    progress(0, 0, "measuring what each judgement rests on")
    importance = tuple(_importance(cases, methods)) if request.judged is None else ()
    evaluation = summarise_all(rows, version, of_cases, importance, reasons)
    changes = compare_with(request.compare, rows) if request.compare else ()
    _write(request.out, evaluation, rows, changes)
    return Result(evaluation, rows, changes, set_aside)


def _read(scenarios: Sequence[Scenario], jobs: int) -> tuple[list[EvalCase], dict[str, str]]:
    cases: list[EvalCase] = []
    bad: dict[str, str] = {}
    for loaded in load_cases(scenarios, jobs):
        if isinstance(loaded, tuple):
            bad[loaded[0]] = loaded[1]
        else:
            cases.append(loaded)
    return cases, bad


def _tasks(
    cases: Sequence[EvalCase], fresh: Sequence[EvalCase], methods: Sequence[str], judged: frozenset[str] | None
) -> list[Task]:
    """Slow methods first, so that the last task to finish is a short one."""
    everyone = [*cases, *fresh]
    wanted = frozenset(i for i, case in enumerate(everyone) if judged is None or case.id in judged)
    folds, without = splits.folds_of(cases, fresh), list(splits.ablations(cases))
    tasks = [Task(method, fold) for method in methods for fold in splits.judging(folds, wanted)]
    tasks += [Task(method, fold) for method in methods if method in ABLATED for fold in splits.judging(without, wanted)]
    return sorted(tasks, key=lambda task: "forest" not in task.method and task.method != "hybrid")


def _run(request: Request, cases: Sequence[EvalCase], tasks: Sequence[Task], progress: Progress) -> list[Row]:
    finished = 0

    def count(task: Task) -> None:
        nonlocal finished
        finished += 1
        progress(finished, len(tasks), f"{task.method}, {task.fold.split}, {task.fold.name}")

    return run(cases, tasks, request.out / RESULTS, request.jobs, request.engine, count)


def _unreadable(out: Path, methods: Sequence[str], bad: dict[str, str]) -> list[Row]:
    rows = [unreadable(scenario, method, reason) for scenario, reason in bad.items() for method in methods]
    append_rows(out / RESULTS, rows)
    return rows


def _importance(cases: Sequence[EvalCase], methods: Sequence[str]) -> Iterator[Importance]:
    folds = list(splits.grouped(cases))
    for method in ABLATED:
        if method in methods:
            yield from importance_of(method, cases, folds)


def _set_aside(out: Path, mark: dict[str, str]) -> Path | None:
    """Rows that another version of misrun wrote, or that are of other cases, are kept under another name."""
    out.mkdir(parents=True, exist_ok=True)
    marked, results = out / MARK, out / RESULTS
    before = json.loads(marked.read_text("utf-8")) if marked.is_file() else None
    marked.write_text(json.dumps(mark) + "\n", "utf-8")
    if not results.is_file() or before == mark:
        return None
    aside = out / f"results.{(before or {}).get('engine', 'earlier')}.jsonl"
    return results.replace(aside)


def _write(out: Path, evaluation: Evaluation, rows: Sequence[Row], changes: Sequence[Change]) -> None:
    found = list(report.sections(evaluation, rows, changes))
    (out / SUMMARY).write_text(evaluation.model_dump_json(indent=1) + "\n", "utf-8")
    (out / "report.md").write_text(report.to_markdown(found), "utf-8")
    (out / "report.html").write_text(report.to_html(found), "utf-8")


def engine_digest() -> str:
    """Changes with the code that reads, measures, diagnoses and evaluates, and with the fitted weights."""
    tools = SHIPPED.parents[1]
    sources = [*tools.rglob("*.py"), *Path(__file__).parent.glob("*.py"), *([SHIPPED] if SHIPPED.is_file() else [])]
    sums = hashlib.sha256()
    for path in sorted(sources, key=lambda path: path.as_posix()):
        sums.update(path.read_bytes())
    return sums.hexdigest()[:12]
