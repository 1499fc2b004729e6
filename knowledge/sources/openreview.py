"""OpenReview's search of notes, API 2 (docs.openreview.net/reference/api-v2).

No limit is documented. Listings may be refused with a challenge (403), and the search may say that it is out of order:
both mean that the source is unavailable, not that it has nothing.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable
from misrun.knowledge.sources.web import Site, SourceUnavailable, Web

NAME = "OpenReview"
_PAUSE = 1.0  # a judgement: nothing is documented
_SECONDS_PER_YEAR = 31_556_952


class _Note(BaseModel):
    id: str
    forum: str = ""
    cdate: float = 0.0
    # A value stands bare in API 1 and as {"value": ...} in API 2.
    content: dict[str, Any] = {}

    def value(self, name: str) -> str:
        held = self.content.get(name)
        inner = held.get("value") if isinstance(held, dict) else held
        return inner if isinstance(inner, str) else ""

    @property
    def authors(self) -> tuple[str, ...]:
        held = self.content.get("authors")
        inner = held.get("value") if isinstance(held, dict) else held
        return tuple(str(name) for name in inner) if isinstance(inner, list) else ()


class _Answer(BaseModel):
    notes: list[_Note]
    searchUnavailable: bool = False


@dataclass(frozen=True)
class OpenReview:
    """Submissions with their reviews, by words."""

    web: Web
    base: str = "https://api2.openreview.net"
    name: str = NAME

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        params = {"term": question.papers, "type": "terms", "content": "all", "group": "all", "source": "forum"}
        site = Site(self.name, "openreview", self.base, _PAUSE)
        try:
            results, age = self.web.ask(site, "/notes/search", {**params, "limit": str(limit)}, read_notes)
        except SourceUnavailable as error:
            return Unavailable(source=self.name, reason=str(error))
        return Found(source=self.name, query=question.papers, results=results[:limit], age=age)


def read_notes(body: bytes) -> tuple[LiveResult, ...]:
    """The notes that have a title; replies have none."""
    answer = _Answer.model_validate_json(body)
    if answer.searchUnavailable:
        raise SourceUnavailable("its search is out of order")
    return tuple(_result(note) for note in answer.notes if note.value("title"))


def _result(note: _Note) -> LiveResult:
    venue = note.value("venue")
    return LiveResult(
        source=NAME,
        kind="paper",
        url=f"https://openreview.net/forum?id={note.forum or note.id}",
        title=note.value("title"),
        year=1970 + int(note.cdate / 1000 / _SECONDS_PER_YEAR) if note.cdate else 0,
        authors=note.authors,
        text=f"{f'[{venue}] ' if venue else ''}{note.value('abstract')}",
    )
