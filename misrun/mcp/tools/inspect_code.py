"""The tool `inspect_code`: every check over some code."""

from typing import Annotated, Literal

from pydantic import Field

from misrun.mcp.arguments import CodePath, LookFor, Most, code_files, known_checks
from misrun.mcp.bounds import cut_all, left_out
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, work
from misrun.mcp.shapes import FindingRow, finding_row
from misrun.tools.record import Record

_RANK = {"note": 0, "warning": 1, "error": 2}


class Inspected(Record):
    """What was found, worst and most certain first."""

    findings: tuple[FindingRow, ...]
    files: int = Field(description="Python files read")
    skipped: tuple[str, ...] = Field(description="files that could not be read, and why")
    left_out: tuple[str, ...]


async def inspect_code(
    call: Call,
    roots: Allowed,
    path: CodePath,
    only: Annotated[
        LookFor, Field(description="Only these checks, by id (misrun://checks lists them); empty: all.")
    ] = (),
    at_least: Annotated[
        Literal["note", "warning", "error"], Field(description="Leave out what is less severe.")
    ] = "note",
    most: Most = 20,
) -> Inspected:
    """Check training code for silent bugs: wrong broadcasting, reductions, leakage, normalisation, off by one, gradient
    flow, losses, train/eval mode, seeds, masks. Each finding has file:line, what happens, what should, confidence and,
    where possible, a patch. It prefers silence to a false alarm: no finding is no proof. Nothing is executed."""
    known_checks(only)

    def look() -> Inspected:
        from misrun.tools.code.inspect import inspect

        root, files = code_files(roots, path)
        seen = inspect(root, files, only or None)
        found = [f for f in seen.findings if _RANK[f.severity] >= _RANK[at_least]]
        found.sort(key=lambda f: (-_RANK[f.severity], -f.confidence, f.file, f.line))
        return Inspected(
            findings=tuple(finding_row(f) for f in found[:most]),
            files=seen.files,
            skipped=cut_all([f"{file}: {reason}" for file, reason in seen.skipped]),
            left_out=left_out(found, most, "findings"),
        )

    return await work(call, look)
