"""`misrun investigate`: the main job."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import check_plot, chosen_format, emit, emit_plot, fail
from misrun.cli.progress import live_progress

if TYPE_CHECKING:
    from misrun.agents.investigation import OnProgress
    from misrun.agents.report import Report
    from misrun.agents.request import Request
    from misrun.tools.redact.private_names import Private

INTERRUPTED = 130


def investigate_command(
    path: Annotated[
        str | None, typer.Argument(help="Folder of the run, one log file, or - for text on standard input.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="A run that worked, to say what changed.")] = None,
    paper: Annotated[
        Path | None,
        typer.Option(help="The paper that the code implements (.md, .txt, .tex, .pdf): compared both ways."),
    ] = None,
    tried: Annotated[list[str] | None, typer.Option(help="What was tried already; repeat for each attempt.")] = None,
    run_code: Annotated[
        str | None,
        typer.Option(help='Command that reproduces the failure ("python train.py"): steps are carried out and run.'),
    ] = None,
    run_seconds: Annotated[float, typer.Option(min=1, help="Stop each such run after so many seconds.")] = 600.0,
    online: Annotated[
        bool,
        typer.Option("--online", help="Ask arXiv, GitHub, Stack Overflow and others too; no text of the run is sent."),
    ] = False,
    private: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="Take out, besides secrets: users, hosts, paths, entropy (what looks random); by commas.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
    md: Annotated[bool, typer.Option("--md", help="Write the report as Markdown.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Write the report as one HTML page with plots.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write to this file; .json, .md or .html is its format.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the training plot to this .svg or .png file.")] = None,
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
    style = chosen_format(json=json, md=md, html=html)
    check_plot(plot)
    kept_back = _private(private)
    try:
        with live_progress(quiet) as progress:
            if resume is not None:
                report = investigation.resume(resume, timeout=timeout, on_progress=progress)
            else:
                command = _command(run_code, path or "")
                request = _request(
                    path or "", baseline, paper, tuple(tried or ()), command, run_seconds, online, kept_back
                )
                report = _start(request, timeout, progress, quiet)
    except InvestigationError as error:
        fail(str(error))
    emit(report, style, out)
    emit_plot(report, plot)
    _leave(report)


def _private(asked: str | None) -> "tuple[Private, ...]":
    """The words of --private."""
    from misrun.tools.redact.private_names import PRIVATE

    words = [word.strip() for word in (asked or "").split(",") if word.strip()]
    if unknown := [word for word in words if word not in PRIVATE]:
        fail(f"--private takes {', '.join(PRIVATE)}, with commas between them, not {unknown[0]}.")
    return tuple(name for name in PRIVATE if name in words)


def _command(run_code: str | None, path: str) -> tuple[str, ...]:
    """The words of the command, checked before anything is done: code is run in a sandbox or not at all."""
    if run_code is None:
        return ()
    from misrun.tools.readers.command_line import words_of
    from misrun.tools.sandbox.sandbox import unavailable

    if not Path(path).is_dir():
        fail("--run-code needs the folder of the project as the run")
    if (missing := unavailable()) is not None:
        fail(f"--run-code cannot be used here: {missing}")
    return tuple(words_of(run_code)) or fail("--run-code is no command: check its quotes")


def _request(
    path: str,
    baseline: Path | None,
    paper: Path | None,
    tried: tuple[str, ...],
    command: tuple[str, ...],
    run_seconds: float,
    online: bool,
    private: "tuple[Private, ...]",
) -> "Request":
    from misrun.agents.investigation import new_request

    text = sys.stdin.buffer.read().decode("utf-8", errors="replace") if path == "-" else None
    if text is not None and not text.strip():
        fail("standard input is empty. Paste the log: misrun investigate - < log.txt")
    source = None if path == "-" else path
    return new_request(
        source,
        text=text,
        baseline=baseline,
        paper=paper,
        tried=tried,
        command=command,
        run_seconds=run_seconds,
        online=online,
        private=private,
    )


def _start(request: "Request", timeout: float | None, progress: "OnProgress", quiet: bool) -> "Report":
    from misrun.agents import investigation

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
