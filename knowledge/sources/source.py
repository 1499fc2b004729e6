"""What every live source is asked, and the two things it can answer: what it found, or that it cannot be asked now."""

from typing import Literal, Protocol

from misrun.tools.record import Record

ResultKind = Literal["paper", "issue", "forum"]


class Question(Record):
    """What may leave this machine, and nothing else does: see sources/question.py. `threads` is worded for issues and
    forums (the error or symptom), `papers` for literature (the phenomenon)."""

    threads: str
    papers: str


class LiveResult(Record):
    """One thing a site knows. `text` is the beginning of its abstract or post, `answer` of the accepted answer where
    the site has one; both are data. `licence` is given where the site asks for it to be shown."""

    source: str
    kind: ResultKind
    url: str
    title: str
    year: int = 0
    authors: tuple[str, ...] = ()
    text: str = ""
    answer: str = ""
    licence: str = ""


class Found(Record):
    """The site answered. No results means that it knows nothing of this. `age` is how many seconds ago it said so (the
    answer was kept), 0 for just now."""

    source: str
    query: str
    results: tuple[LiveResult, ...] = ()
    age: float = 0.0


class Unavailable(Record):
    """The site was not asked, or did not answer: what it knows of this is unknown."""

    source: str
    reason: str


class Source(Protocol):
    """One site."""

    @property
    def name(self) -> str:
        """How people call it."""

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        """At most `limit` results in the site's own order of relevance. Never raises for what the site does."""
