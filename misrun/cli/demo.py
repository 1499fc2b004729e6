"""`misrun demo`: investigates a real failed run that comes with the package."""

from pathlib import Path
from typing import Annotated

import typer

from misrun.cli.output import chosen_format, emit
from misrun.cli.progress import live_progress

DEMO = "r087"


def demo_command(
    json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
    md: Annotated[bool, typer.Option("--md", help="Write the report as Markdown.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Write the report as one HTML page with plots.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write to this file; .json, .md or .html is its format.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Lay the run's folder out in here, to go on with it.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")] = False,
) -> None:
    """Investigate a real failed run that comes with misrun."""
    from misrun.agents import investigation
    from misrun.scenarios.library import load
    from misrun.scenarios.recording import lay_out
    from misrun.tools.home import misrun_home

    style = chosen_format(json=json, md=md, html=html)
    with live_progress(quiet) as progress:
        request = investigation.new_request(lay_out(load(DEMO), keep or misrun_home() / "demo"))
        report = investigation.investigate(request, on_progress=progress)
    emit(report, style, out)
