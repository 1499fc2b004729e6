"""The tool `audit_paper`: code against the paper it implements."""

from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from misrun.mcp.arguments import CodePath
from misrun.mcp.roots import Allowed
from misrun.mcp.shapes import AuditAnswer


async def audit_paper(
    roots: Allowed,
    path: CodePath,
    paper: Annotated[str, Field(description="The paper's text or source file, inside of the allowed folders.")],
) -> AuditAnswer:
    """Compare code with the paper it implements: equations, architecture, order of the algorithm, hyper-parameters.
    Not there yet: it answers with what to do instead."""
    roots.inside(path)
    roots.inside(paper)
    raise ToolError(
        "misrun has no paper-alignment auditor yet, so nothing was compared. Follow this server's prompt "
        "`paper_alignment_auditor`, which says how to compare by reading; `trace_data_flow` and `inspect_code` help."
    )
