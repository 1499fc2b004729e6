"""`misrun watch`: follows a run while it is still going."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from collections.abc import Callable

    from misrun.watch.watcher import Notice, Watcher

# Reading takes at most this share of the time, whatever the log's size.
_MOST_BUSY = 0.1
# A hook that takes longer is a program of its own: it should start one.
_HOOK_SECONDS = 60
_WARNED = 1
# What a hook prints must not stand between notices that a script reads.
_STANDARD_ERROR = 2


def watch_command(
    path: Annotated[Path, typer.Argument(help="Folder of the run, or one log file, that is still being written.")],
    every: Annotated[float, typer.Option(min=0.1, help="Look for news every so many seconds.")] = 10.0,
    stale: Annotated[float, typer.Option(min=1, help="Minutes without anything new after which to say so.")] = 10.0,
    exec_: Annotated[
        str | None,
        typer.Option("--exec", help="Run this on each warning; it gets MISRUN_KIND, _TEXT, _STEP, _MODE, _LIKELIHOOD."),
    ] = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="End at the first verdict, for `misrun watch ... || kill`.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Look once, say what there is, and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per notice.")] = False,
) -> None:
    """Follow a run that is still going; warn as soon as something shows. Exit code 1 where there was a warning."""
    from misrun.watch.watcher import Watcher

    if not path.exists():
        fail(f"there is nothing at {path}. Give the folder or the log that the run writes.")
    command = _command(exec_)
    watcher = Watcher(path.resolve(), time.monotonic, stale * 60)
    try:
        warned = follow(watcher, every, lambda notice: _tell(notice, command, as_json=json), stop=stop, once=once)
    except OSError as error:
        fail(f"{path} cannot be read any more: {error.strerror}.")
    raise typer.Exit(_WARNED if warned else 0)


def follow(
    watcher: "Watcher",
    every: float,
    tell: "Callable[[Notice], None]",
    *,
    stop: bool,
    once: bool,
    wait: "Callable[[float], None]" = time.sleep,
) -> bool:
    """Looks until the run has ended; whether anything warned."""
    warned = False
    while True:
        began = time.monotonic()
        for notice in watcher.look():
            tell(notice)
            warned = warned or notice.warns
            if stop and notice.kind == "verdict" and notice.warns:
                return True
        if watcher.ended or once:
            return warned
        wait(max(every, (time.monotonic() - began) * (1 / _MOST_BUSY - 1)))


def _command(given: str | None) -> list[str]:
    try:
        return shlex.split(given) if given else []
    except ValueError as error:
        fail(f"--exec cannot be read as a command: {error}.")


def _tell(notice: "Notice", command: list[str], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(notice.model_dump_json() + "\n")
        sys.stdout.flush()
    else:
        _print(notice)
    if command and notice.warns:
        _run(command, notice)


def _print(notice: "Notice") -> None:
    from rich.text import Text

    from misrun.agents.verdict_words import mode_name, share
    from misrun.chat.render import console_for
    from misrun.tools.visible_text import visible

    at = "" if notice.step is None else f"step {notice.step:g}  "
    named = f"{mode_name(notice.mode)}, likelihood {share(notice.likelihood)}. " if notice.mode else ""
    places = f"  [{', '.join(notice.places)}]" if notice.places else ""
    console = console_for()
    style = "bold red" if notice.kind == "verdict" and notice.warns else "bold" if notice.warns else ""
    console.print(Text(visible(f"{at}{named}{notice.text}{places}"), style=style))
    if notice.advice:
        console.print(Text(f"  {notice.advice}", style="dim"))


def _run(command: list[str], notice: "Notice") -> None:
    """The user's own hook; one that fails is told and does not end the watch."""
    from misrun.tools.visible_text import visible

    told = {
        "KIND": notice.kind,
        "TEXT": notice.text,
        "STEP": notice.step,
        "MODE": notice.mode,
        "LIKELIHOOD": notice.likelihood,
    }
    words = {f"MISRUN_{name}": visible("" if value is None else str(value)) for name, value in told.items()}
    try:
        done = subprocess.run(command, env={**os.environ, **words}, timeout=_HOOK_SECONDS, stdout=_STANDARD_ERROR)
        problem = f"ended with {done.returncode}" if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if problem:
        typer.echo(f"misrun: --exec {command[0]} {problem}", err=True)
