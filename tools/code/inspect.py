"""Runs the checks over a project and turns what they report into findings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from misrun.tools.code.checks.check import Check, Problem
from misrun.tools.code.checks.registry import CHECKS
from misrun.tools.code.collector import paused_collector
from misrun.tools.code.finding import Finding
from misrun.tools.code.interpreter import follow
from misrun.tools.code.patches import unified_diff
from misrun.tools.code.project_model import Project
from misrun.tools.code.trace import Trace
from misrun.tools.code.values import Site
from misrun.tools.record import Span

_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Inspection:
    """`findings` sorted by file, line and severity; `skipped` holds (file, reason), and checks that
    failed; `trace` is what was followed."""

    findings: tuple[Finding, ...]
    files: int
    lines: int
    skipped: tuple[tuple[str, str], ...]
    trace: Trace


def inspect(root: Path, files: Sequence[str] | None = None, checks: Sequence[str] | None = None) -> Inspection:
    """Findings in the Python files below `root` (or in `files`, relative to it), of all checks or those named.

    Raises KeyError for an unknown check id. A file that cannot be parsed is skipped with its reason.
    """
    chosen = [CHECKS[name] for name in checks] if checks is not None else list(CHECKS.values())
    trace = follow(Project.read(root, files))
    return inspect_trace(trace, chosen)


@paused_collector()
def inspect_trace(trace: Trace, checks: Iterable[Check]) -> Inspection:
    """Findings of the given checks on a project that was already followed."""
    project = trace.project
    findings: dict[tuple[str, str, int], Finding] = {}
    failed: list[tuple[str, str]] = []
    for check in checks:
        for finding in _found(check, trace, failed):
            key = (finding.check, finding.file, finding.line)
            if key not in findings or findings[key].confidence < finding.confidence:
                findings[key] = finding
    ordered = sorted(findings.values(), key=lambda f: (f.file, f.line, _ORDER[f.severity], f.check))
    lines = sum(len(file.lines) for file in project.files)
    return Inspection(tuple(ordered), len(project.files), lines, (*project.skipped, *failed), trace)


def _found(check: Check, trace: Trace, failed: list[tuple[str, str]]) -> list[Finding]:
    """What one check finds. A check that trips over code nobody thought of is named in `failed`; what it found until
    then counts, and the others go on."""
    found: list[Finding] = []
    try:
        for problem in check.find(trace):
            site = problem.site
            if not (site.file.is_unit_test or site.file.ignores(check.id, site.line, site.last_line)):
                found.append(_finding(check, problem, trace.project.root))
    # Some two hundred and fifty checks read strangers' code: a defect of one must not cost the findings of the rest.
    except Exception as error:  # noqa: BLE001
        failed.append((f"check {check.id}", f"failed: {type(error).__name__}: {error}"[:200]))
    return found


def _span(site: Site) -> Span:
    first, last = site.file.line(site.line), site.file.line(site.last_line)
    return Span(file=site.file.path, first=first, last=max(first, last))


def _finding(check: Check, problem: Problem, root: Path) -> Finding:
    site = problem.site
    first, last = site.file.line(site.line), site.file.line(site.last_line)
    return Finding(
        check=check.id,
        agent=check.auditor,
        file=site.file.path,
        line=first,
        last_line=max(first, last),
        severity=check.severity,
        confidence=problem.confidence,
        message=problem.message,
        expected=problem.expected,
        mode=check.mode,
        verify=problem.verify,
        related=tuple(_span(other) for other in problem.related),
        patch=unified_diff(root, problem.edits) if problem.edits else None,
    )
