"""`misrun inspect`: the code checks alone, for the terminal, for scripts and for code-scanning pages."""

import json
import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from misrun.cli.output import fail, say

if TYPE_CHECKING:
    from misrun.tools.code.finding import Finding
    from misrun.tools.code.inspect import Inspection
    from misrun.tools.paper.record import Alignment, Comparison


class InspectFormat(StrEnum):
    """How the findings are written."""

    text = "text"
    json = "json"
    sarif = "sarif"


class FailOn(StrEnum):
    """The least severity that makes the exit code 1."""

    error = "error"
    warning = "warning"
    note = "note"


_RANK = {"note": 0, "warning": 1, "error": 2}


def inspect_command(
    path: Annotated[Path, typer.Argument(help="A folder with Python code, or one .py or .ipynb file.")],
    format: Annotated[InspectFormat, typer.Option(help="How the findings are written.")] = InspectFormat.text,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 from this severity on.")] = FailOn.warning,
    check: Annotated[list[str] | None, typer.Option(help="Only this check; may be repeated.")] = None,
    paper: Annotated[
        Path | None,
        typer.Option(help="The paper that the code implements (.md, .txt, .tex, .pdf): compared both ways."),
    ] = None,
) -> None:
    """Checks training code for silent bugs. Nothing is executed and no file is changed."""
    inspection = _redacted(_inspect(path, check))
    if not inspection.files and not inspection.skipped:
        fail(f"no Python file in {path}. Give the folder that holds the training code.")
    alignment = _compared(path, paper) if paper is not None else None
    if format is InspectFormat.text:
        _write_text(inspection)
        if alignment is not None:
            _write_comparison(alignment)
    else:
        write = to_sarif if format is InspectFormat.sarif else to_json
        document = write(inspection, alignment)
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    if not inspection.files:
        raise typer.Exit(2)
    severities = [f.severity for f in inspection.findings]
    severities += [row.severity for row in alignment.of("discrepancy")] if alignment is not None else []
    if any(_RANK[severity] >= _RANK[fail_on.value] for severity in severities):
        raise typer.Exit(1)


def _inspect(path: Path, checks: list[str] | None) -> "Inspection":
    from misrun.tools.code.checks.registry import CHECKS
    from misrun.tools.code.inspect import inspect

    if not path.exists():
        fail(f"{path} does not exist. Give the folder that holds the training code.")
    unknown = [name for name in checks or () if name not in CHECKS]
    if unknown:
        fail(f"no check is called {unknown[0]}. Known: {', '.join(sorted(CHECKS))}")
    if path.is_file():
        if path.suffix not in (".py", ".ipynb"):
            fail(f"{path} is not Python. Give a .py or .ipynb file, or a folder.")
        path = path.resolve()  # a link that is named itself is followed
        return inspect(path.parent, [path.name], checks or None)
    return inspect(path, None, checks or None)


def _compared(path: Path, paper: Path) -> "Alignment":
    """The comparison with the paper; ends with what to do where there can be none."""
    from misrun.agents.auditors import paper_alignment
    from misrun.tools.readers.registry import read_run
    from misrun.tools.redact.redactor import Redactor

    root, files = (path.parent, [path.name]) if path.is_file() else (path, None)
    audit = Redactor().item(paper_alignment.audit(root, paper, files, read_run(path).config))
    return audit.alignment if audit.alignment is not None else fail(audit.reason)


def _redacted(inspection: "Inspection") -> "Inspection":
    from misrun.tools.redact.redactor import Redactor

    redactor = Redactor()
    return replace(inspection, findings=redactor.item(inspection.findings), skipped=redactor.item(inspection.skipped))


def to_json(inspection: "Inspection", alignment: "Alignment | None" = None) -> dict[str, Any]:
    """The contract of `misrun inspect --format json`; "paper" only where one was given."""
    compared = {"paper": alignment.model_dump()} if alignment is not None else {}
    return {
        **compared,
        "findings": [finding.model_dump() for finding in inspection.findings],
        "files": inspection.files,
        "skipped": [{"file": file, "reason": reason} for file, reason in inspection.skipped],
    }


def to_sarif(inspection: "Inspection", alignment: "Alignment | None" = None) -> dict[str, Any]:
    """SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""
    from misrun.tools.code.checks.registry import CHECKS

    used = sorted({finding.check for finding in inspection.findings})
    rules = [
        {
            "id": name,
            "shortDescription": {"text": CHECKS[name].what},
            "fullDescription": {"text": f"{CHECKS[name].why} {CHECKS[name].cure}"},
            "helpUri": CHECKS[name].source,
        }
        for name in used
    ]
    rows = [row for row in alignment.of("discrepancy") if row.code] if alignment is not None else []
    topics = sorted({row.topic for row in rows})
    rules += [{"id": f"paper/{name}", "shortDescription": {"text": f"{name} as in the paper"}} for name in topics]
    named = [*used, *(f"paper/{name}" for name in topics)]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "misrun", "rules": rules}},
                "results": [
                    *(_sarif_result(finding, used) for finding in inspection.findings),
                    *(_sarif_comparison(row, named) for row in rows),
                ],
            }
        ],
    }


def _sarif_result(finding: "Finding", rules: list[str]) -> dict[str, Any]:
    from urllib.parse import quote

    return {
        "ruleId": finding.check,
        "ruleIndex": rules.index(finding.check),
        "level": finding.severity,
        "message": {"text": f"{finding.message} {finding.expected}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(finding.file)},
                    "region": {"startLine": finding.line, "endLine": finding.last_line},
                }
            }
        ],
        "properties": {"confidence": finding.confidence, "mode": finding.mode},
    }


def _sarif_comparison(row: "Comparison", rules: list[str]) -> dict[str, Any]:
    from urllib.parse import quote

    from misrun.report.paper import sentence

    span = row.code[0]
    place = {"artifactLocation": {"uri": quote(span.file)}, "region": {"startLine": span.first, "endLine": span.last}}
    return {
        "ruleId": f"paper/{row.topic}",
        "ruleIndex": rules.index(f"paper/{row.topic}"),
        "level": row.severity,
        "message": {"text": sentence(row)},
        "locations": [{"physicalLocation": place}],
        "properties": {"paper": str(row.paper)},
    }


def _write_comparison(alignment: "Alignment") -> None:
    from misrun.report.paper import counted, groups, sentence

    for title, rows in groups(alignment):
        typer.echo(f"\n{title}")
        for row in rows:
            where = ", ".join(map(str, row.code)) or "-"
            level = f"{row.severity}: " if row.outcome == "discrepancy" else ""
            typer.echo(f"{where}: {level}{sentence(row)} [paper/{row.topic}]")
    typer.echo(f"{alignment.paper}: {counted(alignment)}", err=True)


def _write_text(inspection: "Inspection") -> None:
    for finding in inspection.findings:
        say(f"{finding.file}:{finding.line}: {finding.severity}: {finding.message} [{finding.check}]")
        say(f"    should: {finding.expected} (confidence {finding.confidence:.0%})")
        for line in (finding.patch or "").splitlines():
            say(f"    {line}")
    for file, reason in inspection.skipped:
        say(f"misrun: skipped {file}: {reason}", err=True)
    typer.echo(f"{len(inspection.findings)} findings in {inspection.files} files", err=True)
