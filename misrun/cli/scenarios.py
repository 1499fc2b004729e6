"""`misrun scenarios`: the benchmark's runs, listed, shown, recorded anew and verified."""

import json
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from misrun.scenarios.schema import Scenario


def list_command(
    json_output: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="Tell what was wrong, too.")] = False,
) -> None:
    """List the scenarios."""
    from misrun.scenarios.schema import all_scenarios

    rows = [_row(scenario, answers) for scenario in all_scenarios()]
    if json_output:
        _write_json(rows)
        return
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo(text.rstrip())


def show_command(
    scenario_id: Annotated[str, typer.Argument(metavar="ID", help="A scenario, as `misrun scenarios list` names it.")],
) -> None:
    """Show one scenario: how it is run, its files, and what it recorded (not what was wrong)."""
    scenario = _load(scenario_id)
    command = " ".join(("python", *scenario.command)) if scenario.command else "(no code was handed over)"
    typer.echo(f"{scenario.id}  {scenario.project}  {_cell(scenario.architecture)}, {_cell(scenario.optimizer)}")
    typer.echo(f"recorded   {scenario.recording}\ncommand    {command}")
    for name, folder in (("code", scenario.code_dir), ("run", scenario.run_dir)):
        files = sorted(path for path in folder.rglob("*.*") if path.is_file()) if folder else []
        for path in (path for path in files if path.suffix != ".pyc"):
            lines = len(path.read_text("utf-8").splitlines())
            typer.echo(f"{name:<9}  {path.relative_to(scenario.folder).as_posix()} ({lines} lines)")
    typer.echo(f"investigate with: misrun investigate {scenario.run_dir}")


def record_command(
    scenario_id: Annotated[str, typer.Argument(metavar="ID", help="The scenario to run again.")],
) -> None:
    """Run a scenario and replace what it recorded."""
    from misrun.scenarios.runner import record

    scenario = _load(scenario_id)
    if scenario.code_dir is None:
        fail(f"{scenario_id} has no code to run; its records were written by hand.")
    _need_torch()
    outcome = record(scenario)
    typer.echo(f"{scenario_id}: exit code {outcome.exit_code}, {len(outcome.files)} files in {scenario.run_dir}")


def verify_command(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which scenarios (default: all).")] = None,
) -> None:
    """Run scenarios again: failures still fail, every cure cures, no decoy does."""
    from misrun.scenarios.runner import verify
    from misrun.scenarios.schema import all_scenarios

    scenarios = tuple(_load(scenario_id) for scenario_id in ids) if ids else all_scenarios()
    _need_torch()
    results = [verify(scenario, progress=_progress) for scenario in scenarios]
    for result in results:
        tried = f"{len(result.cures)} cures, {len(result.decoys)} decoys"
        typer.echo(f"{result.id}: {'as described' if not result.problems else 'NOT as described'} ({tried})")
        for problem in result.problems:
            typer.echo(f"  {problem}")
    good = sum(not result.problems for result in results)
    typer.echo(f"{good}/{len(results)} scenarios are as described")
    if good < len(results):
        raise typer.Exit(1)


def _load(scenario_id: str) -> "Scenario":
    from misrun.scenarios.schema import UnknownScenario, load

    try:
        return load(scenario_id)
    except UnknownScenario as error:
        fail(str(error))


def _row(scenario: "Scenario", answers: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"id": scenario.id}
    if answers:
        from misrun.scenarios.schema import load_answer

        answer = load_answer(scenario)
        row |= {"category": answer.category, "mode": answer.mode, "difficulty": answer.difficulty}
    return row | scenario.model_dump(include={"architecture", "optimizer", "recording", "healthy"})


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _need_torch() -> None:
    if find_spec("torch") is None:
        fail('scenarios need PyTorch to run: pip install "misrun[torch]"')


def _progress(text: str) -> None:
    typer.echo(f"misrun: {text}", err=True)


def _write_json(value: object) -> None:
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")
