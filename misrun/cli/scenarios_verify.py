"""`misrun scenarios verify`: runs scenarios again and compares with their answers."""

from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail
from misrun.cli.scenario_choice import Ids, chosen, need_torch, report_damage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from misrun.scenarios.library import Damaged
    from misrun.scenarios.schema import Scenario
    from misrun.scenarios.verification import Verification


def verify_command(
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="Verify every scenario.")] = False,
    sample: Annotated[int, typer.Option(min=0, help="Verify this many, another part at each --turn.")] = 0,
    turn: Annotated[int, typer.Option(min=0, help="Which part of the sample: any number.")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="Runs at a time (0: as many as there are processors).")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what earlier calls have verified.")] = False,
) -> None:
    """Run scenarios again: failures fail as described, every cure cures, no decoy does, healthy runs pass.

    What is verified is kept, so that a call that was interrupted goes on where it stopped.
    """
    from misrun.scenarios.verification import default_jobs, verify_many
    from misrun.tools.home import misrun_home

    need_torch()
    scenarios, damaged = _wanted(ids, everything, sample, turn)
    journal = misrun_home() / "scenarios" / "verified.jsonl"
    if fresh:
        journal.unlink(missing_ok=True)
    results = _with_progress(verify_many(scenarios, journal, jobs or default_jobs()), len(scenarios))
    _summarise(results, damaged)


def _wanted(
    ids: list[str] | None, everything: bool, sample: int, turn: int
) -> "tuple[tuple[Scenario, ...], tuple[Damaged, ...]]":
    from misrun.scenarios.library import load_all

    if ids:
        return tuple(map(chosen, ids)), ()
    if not (everything or sample):
        fail("say which scenarios: their ids, --all, or --sample N")
    scenarios, damaged = load_all()
    if sample:
        first = turn * sample % len(scenarios)
        scenarios = (scenarios * (1 + sample // len(scenarios) + 1))[first : first + min(sample, len(scenarios))]
    return scenarios, damaged


def _with_progress(results: "Iterator[Verification]", total: int) -> "list[Verification]":
    """Takes the results as they come: a bar on a terminal, one line each in a pipe or CI log (standard error)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    done = []
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        for result in results:
            done.append(result)
            bar.update(task, advance=1, description=_line(result))
            if not console.is_terminal:
                typer.echo(f"misrun: {len(done)}/{total} {_line(result)}", err=True)
    return sorted(done, key=lambda result: result.id)


def _line(result: "Verification") -> str:
    if result.not_run is not None:
        return f"{result.id}: not run: {result.not_run}"
    tried = f"{result.seconds:g} s, {len(result.cures)} cures, {len(result.decoys)} decoys"
    return f"{result.id}: {'NOT as described' if result.problems else 'as described'} ({tried})"


def _summarise(results: "list[Verification]", damaged: "tuple[Damaged, ...]") -> None:
    for result in results:
        typer.echo(_line(result))
        for problem in result.problems:
            typer.echo(f"  {problem}")
    report_damage(damaged)
    not_run = sum(result.not_run is not None for result in results)
    failed = sum(bool(result.problems) for result in results) + len(damaged)
    total = len(results) + len(damaged)
    aside = f", {not_run} could not be run here" if not_run else ""
    typer.echo(f"{total - failed - not_run}/{total} scenarios are as described{aside}")
    if failed:
        raise typer.Exit(1)
