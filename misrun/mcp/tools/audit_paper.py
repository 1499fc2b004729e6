"""The tool `audit_paper`: code against the paper it implements."""

from typing import TYPE_CHECKING, Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from misrun.mcp.arguments import CodePath, code_files
from misrun.mcp.bounds import cut, cut_all
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, work
from misrun.tools.record import Record

if TYPE_CHECKING:
    from misrun.tools.code.finding import Audit
    from misrun.tools.paper.record import Alignment, Comparison

Rows = Annotated[int, Field(ge=1, le=50, description="At most so many rows of each outcome.")]


class ComparisonRow(Record):
    """One thing that the paper states, or that only the code has."""

    topic: str
    severity: str
    paper_says: str
    paper_place: str = Field(description="file, line or page, section; empty where the paper says nothing")
    code_does: str
    places: tuple[str, ...] = Field(description="file:line, relative to the folder asked about")
    reason: str = Field(description="why it is ambiguous, not verified, or taken for meant")


class PaperAnswer(Record):
    """How the code compares with the paper, both ways."""

    paper: str
    files: int = Field(description="Python files read")
    counts: dict[str, int]
    discrepancies: tuple[ComparisonRow, ...] = Field(description="paper says one thing, code does another; worst first")
    departures: tuple[ComparisonRow, ...] = Field(
        description="differences that a comment or an override says are meant"
    )
    ambiguous: tuple[ComparisonRow, ...] = Field(description="the paper leaves open which value is meant")
    verified: tuple[str, ...]
    not_verified: tuple[ComparisonRow, ...] = Field(
        description="stated in the paper, not found in the code: read these by hand"
    )
    not_in_paper: tuple[ComparisonRow, ...] = Field(description="set in the code, not stated in the paper")


async def audit_paper(
    call: Call,
    roots: Allowed,
    path: CodePath,
    paper: Annotated[
        str,
        Field(max_length=1000, description="The paper: .md, .txt, .tex or .pdf file inside of the allowed folders."),
    ],
    most: Rows = 15,
) -> PaperAnswer:
    """Compare code with the paper it implements, both ways: hyper-parameters, terms, signs and coefficients of losses,
    forms of updates and layers, optimizer and schedule. Verified, discrepancies, deliberate departures, ambiguities,
    not verified, each with its place in paper and code. Nothing is executed."""
    source = roots.inside(paper)

    def look() -> PaperAnswer:
        from misrun.agents.auditors import paper_alignment
        from misrun.tools.readers.registry import read_run

        root, files = code_files(roots, path)
        config = read_run(roots.inside(path)).config
        return _answer(paper_alignment.audit(root, source, files, config), most)

    return await work(call, look)


def _answer(audit: "Audit", most: int) -> PaperAnswer:
    from misrun.tools.paper.record import OUTCOMES

    found = audit.alignment
    if found is None:
        raise ToolError(f"{audit.reason} Give the paper as .md, .txt, .tex or .pdf, and the folder of the code.")
    return PaperAnswer(
        paper=cut(f"{found.paper}: {found.title}"),
        files=audit.files,
        counts={outcome: len(found.of(outcome)) for outcome in OUTCOMES},
        discrepancies=_rows(found, "discrepancy", most),
        departures=_rows(found, "departure", most),
        ambiguous=_rows(found, "ambiguous", most),
        verified=cut_all(audit.clean, most),
        not_verified=_rows(found, "not_verified", most),
        not_in_paper=_rows(found, "not_in_paper", most),
    )


def _rows(found: "Alignment", outcome: str, most: int) -> tuple[ComparisonRow, ...]:
    return tuple(_row(row) for row in found.comparisons if row.outcome == outcome)[:most]


def _row(row: "Comparison") -> ComparisonRow:
    return ComparisonRow(
        topic=row.topic,
        severity=row.severity,
        paper_says=cut(row.says, 200),
        paper_place=cut(str(row.paper), 200) if row.paper is not None else "",
        code_does=cut(row.does, 200),
        places=tuple(str(span) for span in row.code),
        reason=cut(row.reason, 200),
    )
