"""The tool `search_literature`: papers, issues and threads about failed training runs."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from misrun.mcp.bounds import cut, cut_all
from misrun.mcp.service import Call, HeldIndex, service_of, work
from misrun.tools.record import Record

if TYPE_CHECKING:
    from misrun.knowledge.entry import KnowledgeEntry


class EntryRow(Record):
    """One entry of the knowledge; misrun://knowledge/<id> has all of it."""

    id: str
    title: str
    url: str = Field(description="cite this address, and no other")
    year: int
    level: int = Field(description="1 exact words, 2 technique, 3 phenomenon, 4 other fields")
    score: float
    modes: tuple[str, ...]
    problem: str
    cause: str
    fix: str
    not_when: str = Field(description="where the advice does not apply")
    strength: str = Field(description="reproduced, confirmed, maintainer or claimed")


class Searched(Record):
    """The nearest entries, best first."""

    entries: tuple[EntryRow, ...]
    searched: int = Field(description="entries in the knowledge; an empty answer is no proof that nothing is known")
    notes: tuple[str, ...]


async def search_literature(
    call: Call,
    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2000,
            description='Symptom + framework + model type: "VQ-VAE codebook collapse JAX".',
        ),
    ],
    level: Annotated[
        Literal["1", "2", "3", "4", "all"],
        Field(description="1 exact symptom, 2 technique and failure, 3 the phenomenon, 4 other fields, or all."),
    ] = "all",
    limit: Annotated[int, Field(ge=1, le=20, description="At most so many entries.")] = 6,
) -> Searched:
    """Search papers, GitHub issues and threads about failed training runs, without a network. Start at level 1 and
    widen until the answers fit. An entry has problem, cause, fix, when it does not hold, and the address to cite."""
    return await work(call, lambda: _searched(service_of(call).index, query, level, limit))


def _searched(held: HeldIndex, query: str, level: str, limit: int) -> Searched:
    from misrun.knowledge.index import open_index
    from misrun.knowledge.levels import LEVELS, search_text
    from misrun.knowledge.ontology import load_ontology

    held.hold()
    index = open_index()
    try:
        asked = [number for number in LEVELS if level in ("all", str(number))]
        found = search_text(index, query, asked, load_ontology(), limit)
        rows = [_row(index.corpus.by_id[hit.id], number, hit.score) for number, hit in found]
        return Searched(entries=tuple(rows), searched=len(index.corpus.by_id), notes=cut_all(index.notes))
    finally:
        index.close()


def _row(entry: "KnowledgeEntry", level: int, score: float) -> EntryRow:
    return EntryRow(
        id=entry.id,
        title=cut(entry.title),
        url=entry.url,
        year=entry.year,
        level=level,
        score=round(score, 3),
        modes=entry.modes,
        problem=cut(entry.problem),
        cause=cut(entry.cause),
        fix=cut(entry.fix),
        not_when=cut(entry.not_when),
        strength=entry.strength,
    )
