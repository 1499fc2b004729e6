"""`misrun flow`: the way of the data from its source to every loss and metric, stage by stage."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from misrun.cli.output import fail, say

if TYPE_CHECKING:
    from misrun.tools.code.finding import Audit
    from misrun.tools.code.flow.record import Flow, Stage


def flow_command(
    path: Annotated[Path, typer.Argument(help="A folder with Python code, or one .py or .ipynb file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Follows the data to every loss and metric: operation, shape, type, range and place of each stage."""
    from misrun.agents.auditors import data_flow
    from misrun.tools.redact.redactor import Redactor

    if not path.exists():
        fail(f"{path} does not exist. Give the folder that holds the training code.")
    if path.is_file() and path.suffix not in (".py", ".ipynb"):
        fail(f"{path} is not Python. Give a .py or .ipynb file, or a folder.")
    path = path.resolve()  # a link that is named itself is followed
    audit = Redactor().item(data_flow.audit(path.parent, [path.name]) if path.is_file() else data_flow.audit(path))
    if audit.status == "failed":
        fail(f"the code could not be followed: {audit.reason}")
    if audit.status == "nothing_to_read":
        fail(f"{audit.reason} in {path}. Give the folder that holds the training code.")
    if as_json:
        sys.stdout.write(json.dumps(to_json(audit), indent=2) + "\n")
    else:
        say("\n".join(_lines(audit)))


def to_json(audit: "Audit") -> dict[str, Any]:
    """Flows, the stages that could not be followed, and the findings on the way."""
    return {
        "flows": [flow.model_dump() for flow in audit.flows],
        "unresolved": [finding.model_dump() for finding in audit.unresolved],
        "findings": [finding.model_dump() for finding in audit.findings],
        "files": audit.files,
        "skipped": [{"file": file, "reason": reason} for file, reason in audit.skipped],
    }


def _lines(audit: "Audit") -> list[str]:
    if not audit.flows:
        return ["No loss, metric or fit was found in the code."]
    found = [line for flow in audit.flows for line in _flow_lines(flow, audit)]
    stages = sum(len(way.stages) for flow in audit.flows for way in flow.ways)
    found.append(f"{len(audit.flows)} flows, {stages} stages, {len(audit.unresolved)} places not resolved.")
    return found


def _flow_lines(flow: "Flow", audit: "Audit") -> list[str]:
    lines = [f"{flow.kind} {flow.sink}  {flow.file}:{flow.line}"]
    for way in flow.ways:
        lines.append(f"  {way.role}")
        widths = [
            max((len(cell) for cell in column), default=0) for column in zip(*map(_cells, way.stages), strict=True)
        ]
        for stage in way.stages:
            cells = (cell.ljust(width) for cell, width in zip(_cells(stage), widths, strict=True))
            lines.append(("    " if stage.resolved else "  ? ") + "  ".join(cells).rstrip())
            lines += [f"        {remark}" for remark in _remarks(stage, audit)]
    lines += [f"  {text}" for text in _found_at(flow.file, flow.line, audit)]
    return [*lines, *(f"  ! {text}" for text in flow.differences), ""]


def _cells(stage: "Stage") -> tuple[str, ...]:
    """One row: operation, place, shape with named axes, type, range, boundary."""
    boundary = {"disk": "from disk", "process": "from worker processes", "device": f"to {stage.device or 'device'}",
                "framework": "other framework", "": ""}[stage.boundary]  # fmt: skip
    return stage.operation, stage.place, _shape(stage), stage.dtype, stage.values, f"[{boundary}]" if boundary else ""


def _shape(stage: "Stage") -> str:
    """ "(B, 3, 32, 32) batch channel height width"."""
    sizes = f"({', '.join(stage.sizes)})" if stage.sizes else ""
    return f"{sizes} {' '.join(stage.axes)}".strip()


def _remarks(stage: "Stage", audit: "Audit") -> list[str]:
    found = [f"with {', '.join(stage.merges)}"] if stage.merges else []
    found += stage.notes
    return found + _found_at(stage.file, stage.line, audit)


def _found_at(file: str, line: int, audit: "Audit") -> list[str]:
    """The findings that stand at a place or speak of it."""
    return [
        f"! {f.check} ({f.file}:{f.line}): {f.message}"
        for f in audit.findings
        if any(span.file == file and span.first <= line <= span.last for span in (f.span, *f.related))
    ]
