"""Semantic Scholar's paper search (api.semanticscholar.org/api-docs/graph).

Limits: one request a second with a key (MISRUN_S2_KEY); without one all callers share a pool, so that 429 is usual.
"""

from dataclasses import dataclass

from pydantic import BaseModel

from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable
from misrun.knowledge.sources.web import Site, SourceUnavailable, Web

NAME = "Semantic Scholar"
_FIELDS = "title,abstract,year,authors,externalIds,url"


class _Author(BaseModel):
    name: str = ""


class _Paper(BaseModel):
    paperId: str
    title: str
    abstract: str | None = None
    year: int | None = None
    authors: list[_Author] = []
    externalIds: dict[str, object] | None = None


class _Answer(BaseModel):
    """Without a match the API leaves `data` out and says that the total is 0."""

    total: int
    data: list[_Paper] = []


@dataclass(frozen=True)
class SemanticScholar:
    """Papers by relevance to the words."""

    web: Web
    base: str = "https://api.semanticscholar.org"
    key: str = ""
    name: str = NAME

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        # Words joined by a hyphen find nothing (reports of its users), so they are parted.
        query = question.papers.replace("-", " ")
        params = {"query": query, "fields": _FIELDS, "offset": "0", "limit": str(limit)}
        headers = {"x-api-key": self.key} if self.key else {}
        # Without a key: reports say 100 requests in five minutes.
        site = Site(self.name, "semantic-scholar", self.base, 1.0 if self.key else 3.0, headers=headers)
        try:
            results, age = self.web.ask(site, "/graph/v1/paper/search", params, read_papers)
        except SourceUnavailable as error:
            return Unavailable(source=self.name, reason=str(error))
        return Found(source=self.name, query=query, results=results[:limit], age=age)


def read_papers(body: bytes) -> tuple[LiveResult, ...]:
    answer = _Answer.model_validate_json(body)
    if answer.total > 0 and not answer.data:
        raise ValueError("results are announced and missing")
    return tuple(_result(paper) for paper in answer.data)


def _result(paper: _Paper) -> LiveResult:
    return LiveResult(
        source=NAME,
        kind="paper",
        url=_address(paper),
        title=paper.title,
        year=paper.year or 0,
        authors=tuple(author.name for author in paper.authors),
        text=paper.abstract or "",
    )


def _address(paper: _Paper) -> str:
    """Where the paper itself is, as the other sites name it, so that one paper is told once."""
    ids = paper.externalIds or {}
    if arxiv := ids.get("ArXiv"):
        return f"https://arxiv.org/abs/{arxiv}"
    if doi := ids.get("DOI"):
        return f"https://doi.org/{doi}"
    return f"https://www.semanticscholar.org/paper/{paper.paperId}"
