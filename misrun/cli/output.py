"""Writing a report where the user wants it, and telling the user what went wrong."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from misrun.agents.report import Report


class Format(StrEnum):
    """How a report is written."""

    terminal = "terminal"
    json = "json"
    markdown = "md"
    html = "html"


def chosen_format(*, json: bool, md: bool, html: bool) -> Format:
    """The format that the options ask for; one at most."""
    asked = [style for style, wanted in ((Format.json, json), (Format.markdown, md), (Format.html, html)) if wanted]
    if len(asked) > 1:
        fail(f"give one of {', '.join(f'--{style.value}' for style in asked)}.")
    return asked[0] if asked else Format.terminal


def emit(report: "Report", style: Format, out: Path | None) -> None:
    """Prints the report, or writes it to `out` (and says so on standard error)."""
    if out is not None:
        if out.is_dir():
            fail(f"{out} is a folder. Give --out a file name, for instance {out / 'report.md'}.")
        out.write_text(render(report, _by_suffix(out, style)), encoding="utf-8")
        typer.echo(f"misrun: report written to {out}", err=True)
        return
    if style is Format.terminal:
        from misrun.report.terminal import print_report

        print_report(report)
        return
    sys.stdout.write(render(report, style))


def check_plot(file: Path | None) -> None:
    """Says before the investigation that the plot cannot be written."""
    if file is None:
        return
    from misrun.report.figure import NoPicture, check

    if not file.parent.is_dir():
        fail(f"there is no folder {file.parent} for the plot.")
    try:
        check(file)
    except NoPicture as error:
        fail(str(error))


def emit_plot(report: "Report", file: Path | None) -> None:
    """Writes the training plot, where one was asked for."""
    if file is None:
        return
    from misrun.report.figure import NoPicture, write_figure

    try:
        write_figure(report, file)
    except NoPicture as error:
        fail(str(error))
    typer.echo(f"misrun: plot written to {file}", err=True)


def render(report: "Report", style: Format) -> str:
    """The report as text, without colour."""
    if style is Format.json:
        return report.model_dump_json(by_alias=True, indent=2) + "\n"
    if style is Format.markdown:
        from misrun.report.markdown import to_markdown

        return to_markdown(report)
    if style is Format.html:
        from misrun.report.html.document import to_html

        return to_html(report)
    from misrun.report.terminal import to_text

    return to_text(report)


def _by_suffix(out: Path, style: Format) -> Format:
    """A file named .json, .md or .html gets that format unless another was asked for."""
    if style is not Format.terminal:
        return style
    return {".json": Format.json, ".md": Format.markdown, ".html": Format.html}.get(out.suffix, Format.terminal)


def say(text: str, *, err: bool = False) -> None:
    """Prints text that may come from files, without what acts on a terminal instead of standing in it."""
    from misrun.tools.visible_text import visible

    typer.echo(visible(text), err=err)


def fail(message: str) -> NoReturn:
    """A user's mistake: says what to do next and exits with 2."""
    from misrun.tools.redact.redactor import Redactor

    say(f"misrun: {Redactor().text(message)}", err=True)
    raise typer.Exit(2)
