"""`misrun inspect`: the code checks alone, for the terminal, for scripts and for code-scanning pages."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from misrun.tools.code.finding import Finding
    from misrun.tools.code.inspect import Inspection


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
) -> None:
    """Checks training code for silent bugs. Nothing is executed and no file is changed."""
    inspection = _inspect(path, check)
    if not inspection.files and not inspection.skipped:
        fail(f"no Python file in {path}. Give the folder that holds the training code.")
    if format is InspectFormat.text:
        _write_text(inspection)
    else:
        document = to_sarif(inspection) if format is InspectFormat.sarif else to_json(inspection)
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    if not inspection.files:
        raise typer.Exit(2)
    if any(_RANK[f.severity] >= _RANK[fail_on.value] for f in inspection.findings):
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
        return inspect(path.parent, [path.name], checks or None)
    return inspect(path, None, checks or None)


def to_json(inspection: "Inspection") -> dict[str, Any]:
    """The contract of `misrun inspect --format json`."""
    return {
        "findings": [finding.model_dump() for finding in inspection.findings],
        "files": inspection.files,
        "skipped": [{"file": file, "reason": reason} for file, reason in inspection.skipped],
    }


def to_sarif(inspection: "Inspection") -> dict[str, Any]:
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
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "misrun", "rules": rules}},
                "results": [_sarif_result(finding, used) for finding in inspection.findings],
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


def _write_text(inspection: "Inspection") -> None:
    for finding in inspection.findings:
        typer.echo(f"{finding.file}:{finding.line}: {finding.severity}: {finding.message} [{finding.check}]")
        typer.echo(f"    should: {finding.expected} (confidence {finding.confidence:.0%})")
        if finding.patch:
            typer.echo("".join(f"    {line}\n" for line in finding.patch.splitlines()), nl=False)
    for file, reason in inspection.skipped:
        typer.echo(f"misrun: skipped {file}: {reason}", err=True)
    typer.echo(f"{len(inspection.findings)} findings in {inspection.files} files", err=True)
