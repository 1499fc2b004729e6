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


def render(report: "Report", style: Format) -> str:
    """The report as text, without colour."""
    if style is Format.json:
        return report.model_dump_json(by_alias=True, indent=2) + "\n"
    if style is Format.markdown:
        from misrun.report.markdown import to_markdown

        return to_markdown(report)
    from misrun.report.terminal import to_text

    return to_text(report)


def _by_suffix(out: Path, style: Format) -> Format:
    """A file named .json or .md gets that format unless another was asked for."""
    if style is not Format.terminal:
        return style
    return {".json": Format.json, ".md": Format.markdown}.get(out.suffix, Format.terminal)


def fail(message: str) -> NoReturn:
    """A user's mistake: says what to do next and exits with 2."""
    typer.echo(f"misrun: {message}", err=True)
    raise typer.Exit(2)
