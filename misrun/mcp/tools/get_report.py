"""The tool `get_report`: a stored report, in parts that fit."""

from typing import Annotated, Literal

from pydantic import Field

from misrun.mcp.bounds import MOST_CHARACTERS
from misrun.mcp.reports import readable_report, written
from misrun.mcp.roots import Allowed
from misrun.mcp.service import Call, service_of
from misrun.tools.record import Record


class ReportPart(Record):
    """One part of a report."""

    id: str
    text: str
    offset: int
    next_offset: int | None = Field(description="pass it as `offset` for the next part; null at the end")
    characters: int = Field(description="length of the whole report")


def get_report(
    call: Call,
    roots: Allowed,
    id: Annotated[str, Field(max_length=100, description="The `id` that `investigate` gave back; 8 hex digits.")],
    format: Annotated[Literal["markdown", "json"], Field(description="How it is written.")] = "markdown",
    offset: Annotated[int, Field(ge=0, description="Where to start, from `next_offset` of the part before.")] = 0,
) -> ReportPart:
    """Read the whole report of an earlier investigation, part by part: every hypothesis, finding, entry and step."""
    text = written(readable_report(service_of(call), roots, id), format)
    end = min(len(text), offset + MOST_CHARACTERS)
    part = text[offset:end]
    return ReportPart(
        id=id, text=part, offset=offset, next_offset=end if end < len(text) else None, characters=len(text)
    )
