"""Stored reports, as far as this server's client may read them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mcp.server.mcpserver.exceptions import ToolError

from misrun.mcp.roots import Roots
from misrun.mcp.service import Service

if TYPE_CHECKING:
    from misrun.agents.report import Report

_ID = re.compile(r"[0-9a-f]{8}")
# A cache folder can hold thousands; the newest are what anybody asks for. A judgement.
_LISTED = 50


def readable_report(service: Service, roots: Roots, session: str) -> "Report":
    """The report with this id, if this server wrote it or its run lies in the roots; ToolError otherwise."""
    from misrun.agents.investigation import load_report
    from misrun.agents.request import InvestigationError

    unknown = ToolError(
        f"There is no report {session[:80]!r} here. `investigate` gives ids; misrun://reports lists them."
    )
    if not _ID.fullmatch(session):
        raise unknown
    try:
        report = load_report(session)
    except (InvestigationError, OSError) as error:
        raise unknown from error
    except ValueError as error:
        raise ToolError(f"Report {session} was written by another version of misrun. Investigate again.") from error
    if session not in service.made and not _lies_in(roots, report):
        raise unknown
    return report


def newest_reports(service: Service, roots: Roots) -> "Iterator[Report]":
    """The reports that may be read, newest first."""
    from misrun.tools.home import misrun_home

    files = sorted((misrun_home() / "reports").glob("*.json"), key=lambda file: -file.stat().st_mtime)
    for file in files[:_LISTED]:
        try:
            yield readable_report(service, roots, file.stem)
        except ToolError:  # not of this project, or of another version
            continue


def written(report: "Report", format: Literal["markdown", "json"]) -> str:
    if format == "json":
        return report.model_dump_json(by_alias=True, indent=1)
    from misrun.report.markdown import to_markdown

    return to_markdown(report)


def _lies_in(roots: Roots, report: "Report") -> bool:
    return any(Path(report.path).is_relative_to(folder) for folder in roots.folders)
