"""`misrun eval`: every diagnosis method over the benchmark, with tables that can be traced to their cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail
from misrun.cli.scenario_choice import report_damage

if TYPE_CHECKING:
    from misrun.evals.evaluation import Progress, Request, Result
    from misrun.evals.tables import Table
    from misrun.scenarios.schema import Scenario


class EngineName(StrEnum):
    """Where the work is done."""

    local = "local"
    ray = "ray"


def eval_command(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="Folder for results.jsonl, summary.json, report.md and report.html.")
    ] = None,
    methods: Annotated[str, typer.Option(help="Methods by name, comma-separated (default: all).")] = "",
    scenarios: Annotated[
        str, typer.Option(help="Scenarios or categories to judge, comma-separated (default: all).")
    ] = "",
    fresh: Annotated[
        Path | None, typer.Option(help="Fresh recordings (`misrun scenarios record --out`) to judge besides.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Tasks at a time (0: as many as there are processors).")] = 0,
    engine: Annotated[EngineName, typer.Option(help="Processes of this machine, or a Ray cluster.")] = EngineName.local,
    compare: Annotated[
        Path | None, typer.Option(help="results.jsonl of an earlier evaluation: show what changed.")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget what an earlier call has finished.")] = False,
) -> None:
    """Run every diagnosis method over the benchmark and print what each gets right.

    An interrupted evaluation goes on where it stopped.
    """
    if context.invoked_subcommand:
        return
    from misrun.evals.compare import NothingToCompare
    from misrun.evals.evaluation import evaluate

    _need("sklearn", "eval")
    if engine is EngineName.ray:
        _need("ray", "ray")
    request = _request(out, methods, scenarios, fresh, jobs, engine, compare)
    if restart:
        (request.out / "results.jsonl").unlink(missing_ok=True)
    try:
        with _progress() as show:
            result = evaluate(request, show)
    except NothingToCompare as error:
        fail(str(error))
    _print(result, request.out)


def _need(module: str, extra: str) -> None:
    if find_spec(module) is None:
        fail(f'this needs {module}: pip install "misrun[{extra}]"')


def _request(
    out: Path | None,
    methods: str,
    scenarios: str,
    fresh: Path | None,
    jobs: int,
    engine: EngineName,
    compare: Path | None,
) -> "Request":
    import os

    from misrun.evals.engines import Engine
    from misrun.evals.evaluation import Request
    from misrun.evals.methods import METHODS
    from misrun.scenarios.library import load_all
    from misrun.tools.home import misrun_home

    everything, damaged = load_all()
    report_damage(damaged)
    if compare is not None and not compare.is_file():
        fail(f"{compare} is not a file: give the results.jsonl of an earlier evaluation")
    return Request(
        scenarios=everything,
        out=out or misrun_home() / "eval",
        fresh=_fresh(fresh) if fresh else (),
        methods=_chosen(methods, tuple(METHODS)),
        judged=_judged(scenarios, everything) if scenarios else None,
        jobs=jobs or os.cpu_count() or 1,
        engine=Engine(engine),
        compare=compare,
    )


def _chosen(wanted: str, known: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in wanted.split(",") if name.strip())
    for name in names:
        if name not in known:
            fail(f"there is no method {name!r}; there are: {', '.join(known)}")
    return names or known


def _judged(wanted: str, scenarios: "tuple[Scenario, ...]") -> frozenset[str]:
    from misrun.scenarios.library import load_answer

    names = {name.strip() for name in wanted.split(",") if name.strip()}
    found = {s.id for s in scenarios if s.id in names}
    found |= {s.id for s in scenarios if load_answer(s).category in names}
    if not found:
        fail(f"no scenario and no category is called {wanted!r}; `misrun scenarios list` shows them")
    return frozenset(found)


def _fresh(folder: Path) -> "tuple[Scenario, ...]":
    from misrun.scenarios.library import read_scenario

    found = sorted(path.parent for path in folder.glob("*/scenario.json"))
    if not found:
        fail(
            f"{folder} holds no recordings; make some:\n"
            f"  misrun scenarios record --seed 7 --variants all --out {folder}"
        )
    try:
        return tuple(read_scenario(path.resolve()) for path in found)
    except ValueError as error:
        fail(str(error))


@contextmanager
def _progress() -> "Iterator[Progress]":
    """A bar on a terminal, a line now and then in a pipe or CI log (standard error)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, of: int, what: str) -> None:
            bar.update(task, completed=done, total=of or None, description=what)
            # About ten lines in a log, whatever the number of tasks.
            if not console.is_terminal and (not of or done % max(1, of // 10) == 0 or done == of):
                typer.echo(f"misrun: {f'{done}/{of} ' if of else ''}{what}", err=True)

        yield show


def _print(result: "Result", out: Path) -> None:
    from rich.console import Console

    from misrun.evals import tables
    from misrun.evals.splits import QUESTIONS

    console = Console()
    evaluation = result.evaluation
    for split in ("grouped", "fresh"):
        if found := evaluation.of(split):
            _table(console, f"{split}: {QUESTIONS[split]}", tables.brief_table(found))
    if evaluation.champion("grouped"):
        _table(
            console, "misrun on every split", tables.splits_table(evaluation, list(QUESTIONS)), drop=("mode", "told")
        )
    for name, why in evaluation.skipped.items():
        typer.echo(f"skipped {name}: {why}")
    for scenario, why in evaluation.unreadable.items():
        typer.echo(f"{scenario} could not be read: {why}")
    _print_changes(result)
    if result.set_aside:
        typer.echo(f"Rows of another version of misrun were kept as {result.set_aside}")
    typer.echo(f"Every prediction: {out / 'results.jsonl'}; the report: {out / 'report.html'} (or .md)")


def _print_changes(result: "Result") -> None:
    worse = [change for change in result.changes if change.worse]
    if result.changes:
        typer.echo(f"Against the earlier evaluation: {len(worse)} worse, {len(result.changes) - len(worse)} better")
    for change in result.changes:
        sign = "worse " if change.worse else "better"
        typer.echo(f"  {sign} {change.scenario} {change.method} {change.split}: {change.was} -> {change.now}")


def _table(console: "object", title: str, table: "Table", drop: tuple[str, ...] = ()) -> None:
    from rich.console import Console
    from rich.table import Table as RichTable

    assert isinstance(console, Console)
    head, rows = table
    kept = [i for i, name in enumerate(head) if name not in drop]
    shown = RichTable(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i in kept:
        shown.add_column(head[i], no_wrap=i == 0)
    for row in rows:
        shown.add_row(*(row[i] for i in kept), style="bold" if row[0] == "misrun" else None)
    console.print(shown)
    console.print()
