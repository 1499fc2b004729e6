"""What a search hands back: an entry seen from this run, with the level and the query that found it."""

from typing import Literal

from misrun.tools.record import Record

Applicability = Literal["high", "medium", "low"]


class Evidence(Record):
    """A retrieved entry judged against the run. `score` is the retrieval similarity (0..1); `why` gives the reason for
    the applicability: what the two settings share and where they differ."""

    id: str
    kind: str
    url: str
    title: str
    year: int
    level: int
    query: str
    score: float
    modes: tuple[str, ...]
    problem: str
    cause: str
    fix: str
    verify: str
    strength: str
    applicability: Applicability
    why: str


class SearchStep(Record):
    """One query of one level: what was asked, how many entries came back, and which."""

    level: int
    query: str
    hits: int
    ids: tuple[str, ...] = ()


class SearchOutcome(Record):
    """All evidence, every query, and why the search stopped where it did ("3 applicable from 3 sources at level 2")."""

    evidence: tuple[Evidence, ...] = ()
    steps: tuple[SearchStep, ...] = ()
    stopped: str = ""
    corpus_entries: int = 0
    snapshot: str = ""
    notes: tuple[str, ...] = ()

    def joined(self, later: "SearchOutcome") -> "SearchOutcome":
        """This outcome with what a later search added; the later one says why it stopped."""
        seen = {entry.id for entry in self.evidence}
        new = tuple(entry for entry in later.evidence if entry.id not in seen)
        return later.model_copy(update={"evidence": (*self.evidence, *new), "steps": (*self.steps, *later.steps)})
