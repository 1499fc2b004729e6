"""`misrun investigate`: the main job."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import Format, emit, fail
from misrun.cli.progress import live_progress

if TYPE_CHECKING:
    from misrun.agents.investigation import OnProgress
    from misrun.agents.report import Report

INTERRUPTED = 130


def investigate_command(
    path: Annotated[
        str | None, typer.Argument(help="Folder of the run, one log file, or - for text on standard input.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="A run that worked, to say what changed.")] = None,
    tried: Annotated[list[str] | None, typer.Option(help="What was tried already; repeat for each attempt.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
    md: Annotated[bool, typer.Option("--md", help="Write the report as Markdown.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write to this file; .json and .md choose the format.")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Stop after so many seconds with what is known.")
    ] = None,
    resume: Annotated[str | None, typer.Option(help="Go on with an interrupted session.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")] = False,
) -> None:
    """Find out why a training run failed."""
    from misrun.agents import investigation
    from misrun.agents.request import InvestigationError

    if (path is None) == (resume is None):
        fail("give either a run (folder, log file, or - for standard input) or --resume ID.")
    style = Format.json if json else Format.markdown if md else Format.terminal
    try:
        with live_progress(quiet) as progress:
            if resume is not None:
                report = investigation.resume(resume, timeout=timeout, on_progress=progress)
            else:
                report = _start(path or "", baseline, tuple(tried or ()), timeout, progress, quiet)
    except InvestigationError as error:
        fail(str(error))
    emit(report, style, out)
    _leave(report)


def _start(
    path: str, baseline: Path | None, tried: tuple[str, ...], timeout: float | None, progress: "OnProgress", quiet: bool
) -> "Report":
    from misrun.agents import investigation

    text = sys.stdin.buffer.read().decode("utf-8", errors="replace") if path == "-" else None
    if text is not None and not text.strip():
        fail("standard input is empty. Paste the log: misrun investigate - < log.txt")
    request = investigation.new_request(None if path == "-" else path, text=text, baseline=baseline, tried=tried)
    if not quiet:
        typer.echo(
            f"misrun: session {request.id} (after an interruption: misrun investigate --resume {request.id})", err=True
        )
    return investigation.investigate(request, timeout=timeout, on_progress=progress)


def _leave(report: "Report") -> None:
    """A stage that was cut off may still hold a thread; the report is out, so the process does not wait for it."""
    if report.complete:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED if any("interrupted" in note for note in report.notes) else 0)
