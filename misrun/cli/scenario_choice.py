"""Which scenarios a command is about, and what keeps one from being used."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from misrun.scenarios.library import Damaged
    from misrun.scenarios.schema import Scenario

Id = Annotated[str, typer.Argument(metavar="ID", help="A scenario as `misrun scenarios list` names it, or its folder.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Scenarios, by id or by folder.")]


def chosen(scenario_id: str) -> "Scenario":
    """The scenario with this id or in this folder; exits with 2 when there is none or its file is damaged."""
    from misrun.scenarios.library import load, read_scenario

    folder = Path(scenario_id)
    try:
        if (folder / "scenario.json").is_file():
            return read_scenario(folder.resolve())
        return load(scenario_id)
    except ValueError as error:
        fail(str(error))


def need_torch() -> None:
    """Exits with 2 when there is no PyTorch to run scenarios with."""
    if find_spec("torch") is None:
        fail('scenarios need PyTorch to run: pip install "misrun[torch]"')


def report_damage(damaged: "tuple[Damaged, ...]") -> None:
    """Names every scenario that could not be used; the others are not touched by it."""
    for scenario in damaged:
        typer.echo(f"misrun: {scenario.id} cannot be used: {scenario.reason}", err=True)
