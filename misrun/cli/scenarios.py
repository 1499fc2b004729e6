"""`misrun scenarios list | show | run`: the benchmark's runs."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from misrun.cli.output import fail
from misrun.cli.scenario_choice import Id, chosen, need_torch, report_damage

if TYPE_CHECKING:
    from misrun.scenarios.schema import Bound, Scenario


def list_command(
    json_output: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="Tell what was wrong, too.")] = False,
) -> None:
    """List the scenarios."""
    from misrun.scenarios.library import load_all, with_answers

    scenarios, damaged = load_all()
    if answers:
        scenarios, unanswered = with_answers(scenarios)
        damaged += unanswered
    rows = [_row(scenario, answers) for scenario in scenarios]
    if json_output:
        json.dump(rows, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _write_table(rows)
    report_damage(damaged)


def show_command(scenario_id: Id) -> None:
    """Show one scenario: how it is run, its files, and what it recorded (not what was wrong)."""
    scenario = chosen(scenario_id)
    typer.echo(f"{scenario.id}  {scenario.project}  {_cell(scenario.architecture)}, {_cell(scenario.optimizer)}")
    typer.echo(f"recorded   {scenario.recording}{_limits(scenario)}")
    typer.echo(f"command    {' '.join(scenario.command)}")
    typer.echo(f"variants   {', '.join(variant.name for variant in scenario.variants) or 'none'}, any seed")
    for name, folder in (("code", scenario.code_dir), ("run", scenario.run_dir)):
        files = sorted(path for path in folder.rglob("*.*") if path.is_file()) if folder else []
        for path in (path for path in files if path.suffix != ".pyc"):
            lines = len(path.read_text("utf-8").splitlines())
            typer.echo(f"{name:<9}  {path.relative_to(scenario.folder).as_posix()} ({lines} lines)")
    typer.echo(f"investigate with: misrun investigate {scenario.folder}")


def run_command(
    scenario_id: Id,
    out: Annotated[Path | None, typer.Option("--out", help="Keep the project and what the run left, here.")] = None,
) -> None:
    """Run a scenario's project and show what it prints and what its check measures."""
    from misrun.scenarios.execution import NotRunnable, execute
    from misrun.scenarios.library import load_answer
    from misrun.scenarios.recording import lay_out

    scenario = chosen(scenario_id)
    need_torch()
    try:
        outcome = execute(scenario)
    except NotRunnable as error:
        fail(str(error))
    for name in ("train.log", "stdout.log", "stderr.log"):
        typer.echo(outcome.files.get(name, ""), nl=False)
    numbers = ", ".join(f"{name} {value:g}" for name, value in outcome.checks.items()) or outcome.check_error
    bounds = load_answer(scenario).success.bounds
    wanted = ", ".join(f"{name} {_wanted(bound)}" for name, bound in bounds.items())
    typer.echo(f"misrun: exit code {outcome.exit_code}, {outcome.seconds:g} s", err=True)
    typer.echo(f"misrun: check: {numbers} (a working run: {wanted})", err=True)
    if out is not None:
        typer.echo(f"misrun: kept in {lay_out(scenario, out, outcome)}", err=True)


def _row(scenario: "Scenario", answers: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"id": scenario.id}
    if answers:
        from misrun.scenarios.library import load_answer

        answer = load_answer(scenario)
        row |= {"category": answer.category, "mode": answer.mode, "difficulty": answer.difficulty}
    return row | scenario.model_dump(include={"architecture", "optimizer", "recording", "healthy"})


def _write_table(rows: list[dict[str, Any]]) -> None:
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo(text.rstrip())


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _limits(scenario: "Scenario") -> str:
    limits = scenario.limits
    parts = [
        f"{limits.data_mib} MiB per process" if limits.data_mib else "",
        f"{limits.rss_mib} MiB resident" if limits.rss_mib else "",
        f"a device of {limits.device_mib} MiB" if limits.device_mib else "",
        *(f"{mib} MiB at {place}" for place, mib in limits.volumes.items()),
    ]
    stated = ", ".join(part for part in parts if part)
    return f", limited to {stated}" if stated else ""


def _wanted(bound: "Bound") -> str:
    sides = (("at least", bound.at_least), ("at most", bound.at_most))
    return " and ".join(f"{word} {value:g}" for word, value in sides if value is not None)
