"""What can be read by address: reports, knowledge entries, failure modes and checks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError

from misrun.mcp.reports import newest_reports, readable_report, written
from misrun.mcp.roots import Roots
from misrun.mcp.service import Call, Service, service_of
from misrun.mcp.shapes import REPORT

if TYPE_CHECKING:
    from misrun.agents.report import Report

# Entries named on the page of a mode: the strongest few are enough to start from. A judgement.
_ENTRIES = 12


def add_resources(server: "MCPServer[Service]", service: Service) -> None:
    """Registers every address under misrun://."""
    as_markdown, as_json = "text/markdown", "application/json"
    for uri, read, kind in (
        ("misrun://reports", _index(service), as_json),
        ("misrun://reports/{id}", report_page, as_markdown),
        ("misrun://reports/{id}/json", report_json, as_json),
        ("misrun://knowledge/{id}", knowledge_entry, as_json),
        ("misrun://modes", modes, as_markdown),
        ("misrun://modes/{category}/{name}", mode_page, as_markdown),
        ("misrun://checks", checks, as_markdown),
    ):
        server.resource(uri, mime_type=kind)(read)


def _index(service: Service) -> Callable[[], str]:
    """Closed over the service, since an address without a variable is not told who calls."""

    def reports() -> str:
        """The newest reports on runs in the allowed folders."""
        rows = [
            {"id": r.id, "uri": REPORT.format(id=r.id), "created": r.created, "path": r.path, "mode": r.verdict.mode}
            for r in newest_reports(service, _started_with(service))
        ]
        return json.dumps(rows, indent=1)

    return reports


def report_page(id: str, call: Call) -> str:
    """The whole report of an investigation, as Markdown."""
    return written(_report(id, call), "markdown")


def report_json(id: str, call: Call) -> str:
    """The whole report of an investigation, as JSON (`misrun schema` describes it)."""
    return written(_report(id, call), "json")


def knowledge_entry(id: str) -> str:
    """One paper, issue or thread: symptoms, cause, fix, when it does not apply, and its address."""
    from misrun.knowledge.corpus import load_corpus

    entry = load_corpus().by_id.get(id)
    if entry is None:
        raise ResourceNotFoundError(f"There is no knowledge entry {id[:80]!r}. `search_literature` gives their ids.")
    return entry.model_dump_json(indent=1)


def modes() -> str:
    """All failure modes with what each means."""
    from misrun.tools.diagnosis.taxonomy import MODES

    lines = (f"- [{mode.id}](misrun://modes/{mode.id}): {mode.definition}" for mode in MODES.values())
    return "\n".join(("# Failure modes", "", *lines, ""))


def mode_page(category: str, name: str) -> str:
    """One failure mode: what it means, what settles it, the checks that find it, and what is known about it."""
    from misrun.knowledge.corpus import load_corpus
    from misrun.tools.code.look_for import CHECKS_FOR_MODE
    from misrun.tools.diagnosis.taxonomy import MODES

    mode = MODES.get(f"{category}/{name}")
    if mode is None:
        raise ResourceNotFoundError(f"There is no failure mode {category[:40]}/{name[:40]}. misrun://modes lists them.")
    entries = [entry for entry in load_corpus().entries if mode.id in entry.modes]
    known = (f"- misrun://knowledge/{entry.id}: {entry.title} <{entry.url}>" for entry in entries[:_ENTRIES])
    lines = (
        f"# {mode.id}", "", mode.definition, "", f"What settles it: {mode.settled_by}.",
        "", f"Code checks: {', '.join(CHECKS_FOR_MODE.get(mode.id, ())) or 'none'}.",
        "", f"## What is known ({min(len(entries), _ENTRIES)} of {len(entries)} entries)", "", *known, "",
    )  # fmt: skip
    return "\n".join(lines)


def checks() -> str:
    """All code checks with what each looks for and who runs it."""
    from misrun.tools.code.checks.registry import CHECKS

    return "\n".join(("# Code checks", "", *(f"- `{c.id}` ({c.auditor}): {c.what}" for c in CHECKS.values()), ""))


def _report(session: str, call: Call) -> "Report":
    service = service_of(call)
    try:
        return readable_report(service, _started_with(service), session)
    except ToolError as error:
        raise ResourceNotFoundError(str(error)) from error


def _started_with(service: Service) -> Roots:
    """A resource cannot ask the client for its roots; reports that this server wrote are known to it by their id."""
    folders = service.options.roots or (Path.cwd(),)
    return Roots(tuple(folder.resolve() for folder in folders))
