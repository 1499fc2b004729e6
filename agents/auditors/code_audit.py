"""What the auditors of code share: following the project once, running their checks, answering delegations."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from misrun.tools.code.checks.check import Auditor, Check
from misrun.tools.code.checks.registry import CHECKS
from misrun.tools.code.finding import Audit, Delegation, Finding
from misrun.tools.code.inspect import inspect_trace
from misrun.tools.code.interpreter import follow
from misrun.tools.code.project_model import Project
from misrun.tools.code.source import find_python_files
from misrun.tools.code.trace import Trace


def audit_with_checks(
    auditor: Auditor, root: Path, files: Sequence[str] | None, delegations: tuple[Delegation, ...]
) -> tuple[Audit, Trace | None]:
    """The auditor's findings, delegated checks first. The user's code cannot make this raise."""
    try:
        trace = followed(root, tuple(files) if files is not None else None, file_versions(root, files))
        if not trace.project.files:
            return Audit(agent=auditor, status="nothing_to_read", delegations=delegations,
                         skipped=trace.project.skipped, reason="no readable Python file"), None  # fmt: skip
        inspection = inspect_trace(trace, chosen_checks(auditor, delegations))
    # A defect of a check must not end the other auditors' work; the report shows the failure with its reason.
    except Exception as error:  # noqa: BLE001
        return Audit(agent=auditor, status="failed", delegations=delegations, reason=_reason(error)), None
    audit = Audit(
        agent=auditor,
        status="done",
        delegations=delegations,
        findings=asked_first(inspection.findings, delegations),
        files=inspection.files,
        skipped=inspection.skipped,
    )
    return audit, trace


@lru_cache(maxsize=2)  # the auditors of one investigation read the same project
def followed(root: Path, files: tuple[str, ...] | None, _key: tuple[tuple[int, int], ...]) -> Trace:
    """The followed project; `_key` tells an edited file from the one that was followed before."""
    return follow(Project.read(root, files))


def program(root: Path, files: Sequence[str]) -> Trace | None:
    """The program as the auditors followed it; None where it could not be followed, as their audits say."""
    try:
        return followed(root, tuple(files), file_versions(root, files)) if files else None
    except Exception:  # noqa: BLE001 - as in audit_with_checks: the reason stands in the audit
        return None


def file_versions(root: Path, files: Sequence[str] | None) -> tuple[tuple[int, int], ...]:
    """Modification time (ns) and size of each file that is there."""
    paths = [root / name for name in (find_python_files(root) if files is None else files)]
    found = [path.stat() for path in paths if path.is_file()]
    return tuple((stat.st_mtime_ns, stat.st_size) for stat in found)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def chosen_checks(auditor: Auditor, delegations: Iterable[Delegation]) -> list[Check]:
    """The auditor's checks, those it was asked for first."""
    mine = [check for check in CHECKS.values() if check.auditor == auditor]
    wanted = {name for d in delegations for name in d.look_for}
    return sorted(mine, key=lambda check: check.id not in wanted)


def asked_first(findings: Iterable[Finding], delegations: Iterable[Delegation]) -> tuple[Finding, ...]:
    wanted = {name for d in delegations for name in d.look_for}
    return tuple(sorted(findings, key=lambda f: (f.check not in wanted, -f.confidence)))
