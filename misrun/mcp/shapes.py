"""What several tools hand back: rows of the report's records, short enough to be read by a model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from misrun.mcp.bounds import PATCH, cut, cut_all
from misrun.tools.record import Record

if TYPE_CHECKING:
    from misrun.agents.characterization import Characterization
    from misrun.tools.code.finding import Audit, Finding
    from misrun.tools.diagnosis.hypothesis import Ground, Hypothesis

REPORT = "misrun://reports/{id}"


class FindingRow(Record):
    """One place in the code that is probably wrong."""

    check: str = Field(description="id of the check; `look_for` takes it")
    place: str = Field(description="file:line, relative to the folder asked about")
    severity: str
    confidence: float = Field(description="0..1")
    happens: str
    should: str
    mode: str = Field(description="the failure mode it would cause; misrun://modes/<mode> explains it")
    verify: str
    patch: str = Field(description="unified diff for `patch -p1`, where one can be written")


class HypothesisRow(Record):
    """One possible cause with what was measured for and against it."""

    mode: str
    likelihood: float = Field(description="0..1: weight of evidence, not a frequency")
    status: str = Field(description="open, supported or eliminated")
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]


class TemplateField(Record):
    """One field of the failure's characterization."""

    value: str
    origin: str = Field(description="log, code, config, user or inferred, with the lines; empty when missing")


class Template(Record):
    """What happened, in five fields. A missing one says what to supply."""

    symptom: TemplateField
    expected: TemplateField
    started: TemplateField
    tried: TemplateField
    environment: TemplateField


class AuditAnswer(Record):
    """What an auditor hands back."""

    status: str = Field(description="done, nothing_to_read or failed")
    reason: str
    files: int = Field(description="Python files read")
    findings: tuple[FindingRow, ...]
    verified_clean: tuple[str, ...] = Field(description="what was checked and found in order")
    skipped: tuple[str, ...] = Field(description="files that could not be read, and why")
    left_out: tuple[str, ...] = Field(description="how much more there is; ask for a narrower path or fewer checks")


def finding_row(finding: "Finding") -> FindingRow:
    return FindingRow(
        check=finding.check,
        place=f"{finding.file}:{finding.line}",
        severity=finding.severity,
        confidence=round(finding.confidence, 2),
        happens=cut(finding.message),
        should=cut(finding.expected),
        mode=finding.mode,
        verify=cut(finding.verify),
        patch=cut(finding.patch or "", PATCH),
    )


def hypothesis_row(hypothesis: "Hypothesis") -> HypothesisRow:
    return HypothesisRow(
        mode=hypothesis.mode,
        likelihood=round(hypothesis.likelihood, 3),
        status=hypothesis.status,
        speaks_for=_grounds(hypothesis.supporting),
        speaks_against=_grounds(hypothesis.opposing),
    )


def template(filled: "Characterization") -> Template:
    from misrun.report.wording import template as fields

    rows = {name: TemplateField(value=cut(text, 1000), origin=cut(origin)) for name, text, origin in fields(filled)}
    return Template.model_validate(rows)


def audit_answer(audit: "Audit", most: int) -> AuditAnswer:
    from misrun.mcp.bounds import left_out

    return AuditAnswer(
        status=audit.status,
        reason=cut(audit.reason),
        files=audit.files,
        findings=tuple(finding_row(finding) for finding in audit.findings[:most]),
        verified_clean=cut_all(audit.clean),
        skipped=cut_all([f"{file}: {reason}" for file, reason in audit.skipped]),
        left_out=left_out(audit.findings, most, "findings"),
    )


def _grounds(grounds: "Sequence[Ground]") -> tuple[str, ...]:
    from misrun.report.wording import places

    return cut_all([f"{ground.text} [{places(ground.spans)}]" for ground in grounds], 3)
