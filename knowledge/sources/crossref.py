"""Crossref's search of works (api.crossref.org/swagger-ui).

Limits: told in `x-rate-limit-*` headers, 429 beyond (crossref.org/documentation/retrieve-metadata/rest-api/
access-and-authentication); a contact (MISRUN_MAILTO) brings a caller into the polite pool.
"""

from dataclasses import dataclass

from pydantic import BaseModel

from misrun.knowledge.html_text import text_of
from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable
from misrun.knowledge.sources.web import Site, SourceUnavailable, Web

NAME = "Crossref"
_SELECT = "DOI,title,author,issued,container-title,URL,abstract"
# Below what either pool has ever allowed; a judgement.
_PAUSE = 1.0


class _Author(BaseModel):
    given: str = ""
    family: str = ""
    name: str = ""


class _Work(BaseModel):
    DOI: str
    title: list[str] = []
    author: list[_Author] = []
    # {"date-parts": [[2024, 1]]}; the year is null where the publisher gave none.
    issued: dict[str, list[list[int | None]]] = {}
    abstract: str | None = None


class _List(BaseModel):
    items: list[_Work]


class _Answer(BaseModel):
    message: _List


@dataclass(frozen=True)
class Crossref:
    """Published papers by the words of their bibliographic record."""

    web: Web
    base: str = "https://api.crossref.org"
    mailto: str = ""
    name: str = NAME

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        params = {"query.bibliographic": question.papers, "rows": str(limit), "select": _SELECT}
        keys = {"mailto": self.mailto} if self.mailto else {}
        site = Site(self.name, "crossref", self.base, _PAUSE)
        try:
            results, age = self.web.ask(site, "/works", params, read_works, keys=keys)
        except SourceUnavailable as error:
            return Unavailable(source=self.name, reason=str(error))
        return Found(source=self.name, query=question.papers, results=results[:limit], age=age)


def read_works(body: bytes) -> tuple[LiveResult, ...]:
    return tuple(_result(work) for work in _Answer.model_validate_json(body).message.items if work.title)


def _result(work: _Work) -> LiveResult:
    dates = work.issued.get("date-parts") or [[None]]
    return LiveResult(
        source=NAME,
        kind="paper",
        url=f"https://doi.org/{work.DOI}",
        title=work.title[0],
        year=(dates[0][0] if dates[0] else None) or 0,
        authors=tuple(f"{a.given} {a.family}".strip() or a.name for a in work.author),
        text=text_of(work.abstract or "")[1],
    )
