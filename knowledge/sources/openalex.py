"""OpenAlex's search of works (developers.openalex.org).

Limits: since 2026 a free key (MISRUN_OPENALEX_KEY) with a daily budget; without one about ten searches a day. At most
100 requests a second.
"""

from dataclasses import dataclass

from pydantic import BaseModel

from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable
from misrun.knowledge.sources.web import Site, SourceUnavailable, Web

NAME = "OpenAlex"
# One search at a time is all that is needed; far below the limit.
_PAUSE = 0.2
# An abstract is 150 to 300 words; positions beyond this are damage, and would be filled with nothing up to there.
_MOST_WORDS = 5_000


class _Author(BaseModel):
    display_name: str = ""


class _Authorship(BaseModel):
    author: _Author = _Author()


class _Work(BaseModel):
    id: str
    doi: str | None = None
    display_name: str | None = None
    publication_year: int | None = None
    authorships: list[_Authorship] = []
    abstract_inverted_index: dict[str, list[int]] | None = None


class _Answer(BaseModel):
    results: list[_Work]


@dataclass(frozen=True)
class OpenAlex:
    """Papers by the words of title and abstract."""

    web: Web
    base: str = "https://api.openalex.org"
    key: str = ""
    name: str = NAME

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        params = {"search": question.papers, "per_page": str(limit)}
        keys = {"api_key": self.key} if self.key else {}
        site = Site(self.name, "openalex", self.base, _PAUSE)
        try:
            results, age = self.web.ask(site, "/works", params, read_works, keys=keys)
        except SourceUnavailable as error:
            return Unavailable(source=self.name, reason=str(error))
        return Found(source=self.name, query=question.papers, results=results[:limit], age=age)


def read_works(body: bytes) -> tuple[LiveResult, ...]:
    return tuple(_result(work) for work in _Answer.model_validate_json(body).results)


def _result(work: _Work) -> LiveResult:
    return LiveResult(
        source=NAME,
        kind="paper",
        url=work.doi or work.id,
        title=work.display_name or "",
        year=work.publication_year or 0,
        authors=tuple(item.author.display_name for item in work.authorships),
        text=abstract(work.abstract_inverted_index or {}),
    )


def abstract(index: dict[str, list[int]]) -> str:
    """The text of an inverted index: each word stands with its positions."""
    words = {place: word for word, places in index.items() for place in places if 0 <= place < _MOST_WORDS}
    return " ".join(words[place] for place in sorted(words))
