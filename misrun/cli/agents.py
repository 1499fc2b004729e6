"""`misrun agents install | uninstall`: misrun's agents and server in Claude Code and Codex."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from misrun.assistants.places import Place
    from misrun.assistants.plan import Plan

agents = typer.Typer(help="misrun's agents and MCP server inside Claude Code and Codex.", no_args_is_help=True)

Claude = Annotated[bool, typer.Option("--claude", help="Claude Code. Without this and --codex: both.")]
Codex = Annotated[bool, typer.Option("--codex", help="Codex. Without this and --claude: both.")]
Project = Annotated[Path | None, typer.Option(help="The project's folder (default: this one).")]
User = Annotated[bool, typer.Option("--user", help="For all projects of this user, instead of one project.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@agents.command("install")
def install_command(
    claude: Claude = False, codex: Codex = False, project: Project = None, user: User = False, yes: Yes = False
) -> None:
    """Write the agent definitions and register the server, after showing what would change."""
    from misrun.assistants.plan import install

    entry = _server(user)
    _do(lambda place: install(place, entry), _places(claude, codex, project, user), yes)


@agents.command("uninstall")
def uninstall_command(
    claude: Claude = False, codex: Codex = False, project: Project = None, user: User = False, yes: Yes = False
) -> None:
    """Take away exactly what `install` put there, after showing it."""
    from misrun.assistants.plan import uninstall

    _do(uninstall, _places(claude, codex, project, user), yes)


def _places(claude: bool, codex: bool, project: Path | None, user: bool) -> "list[Place]":
    from misrun.assistants import places

    if user and project is not None:
        fail("give --project DIR or --user, not both.")
    root = Path.home() if user else (project or Path()).resolve()
    if not root.is_dir():
        fail(f"{root} is no folder. Give the project's folder with --project.")
    both = claude == codex
    chosen = ((places.claude, claude or both), (places.codex, codex or both))
    return [place(root, user) for place, wanted in chosen if wanted]


def _server(user: bool) -> dict[str, object]:
    """How the assistant starts the server: by name in a project, which others share, else by its full path."""
    found = shutil.which("misrun")
    if found is None:
        return {"command": sys.executable, "args": ["-m", "misrun", "mcp"]}
    return {"command": found if user else "misrun", "args": ["mcp"]}


def _do(make: "Callable[[Place], Plan]", places: "list[Place]", yes: bool) -> None:
    """Plans all before anything is written, shows it, asks, and carries it out."""
    from misrun.assistants.carry_out import carry_out, shown
    from misrun.assistants.refused import Refused

    try:
        plans = [make(place) for place in places]
    except Refused as error:
        fail(str(error))
    for line in (line for plan in plans for line in shown(plan)):
        typer.echo(line)
    changes = sum(len(plan.changes) for plan in plans)
    if not changes:
        typer.echo("misrun: nothing to change.")
        return
    if not yes and not _agreed(changes):
        fail("nothing was written.")
    try:
        for plan in plans:
            carry_out(plan)
    except OSError as error:
        fail(f"{error.filename or 'a file'} cannot be written: {error.strerror}. Run the command again when it can.")
    typer.echo(f"misrun: {changes} files changed.")


def _agreed(changes: int) -> bool:
    try:
        return typer.confirm(f"misrun: change these {changes} files?")
    except typer.Abort:  # the end of standard input
        return False
