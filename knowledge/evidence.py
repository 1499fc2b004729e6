"""What a search hands back: an entry seen from this run, with the level and the query that found it."""

from typing import Literal

from misrun.tools.record import Record

Applicability = Literal["high", "medium", "low"]
# Where an entry is from: the corpus that ships, the user's own documents, or a site that was asked just now.
Origin = Literal["shipped", "own", "live"]
# The level of what was found outside the shipped corpus and its four levels.
BEYOND = 0


class Evidence(Record):
    """A retrieved entry judged against the run. `score` is the retrieval similarity (0..1); `why` gives the reason for
    the applicability: what the two settings share and where they differ. Only shipped entries were read and worded by
    somebody; of the others `problem` and `fix` are the source's own words, unchecked, and no step rests on them."""

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
    origin: Origin = "shipped"


class SearchStep(Record):
    """One query of one level: what was asked, how many entries came back, and which."""

    level: int
    query: str
    hits: int
    ids: tuple[str, ...] = ()


class SearchOutcome(Record):
    """All evidence, every query, and why the search stopped where it did ("3 applicable from 3 sources at level 2").
    `beyond` is what live sources and the user's own documents say: shown, and kept out of every conclusion."""

    evidence: tuple[Evidence, ...] = ()
    steps: tuple[SearchStep, ...] = ()
    stopped: str = ""
    corpus_entries: int = 0
    snapshot: str = ""
    notes: tuple[str, ...] = ()
    beyond: tuple[Evidence, ...] = ()

    def joined(self, later: "SearchOutcome") -> "SearchOutcome":
        """This outcome with what a later search added; the later one says why it stopped."""
        seen = {entry.id for entry in self.evidence}
        new = tuple(entry for entry in later.evidence if entry.id not in seen)
        added = {"evidence": (*self.evidence, *new), "steps": (*self.steps, *later.steps)}
        return later.model_copy(update={**added, "beyond": self.beyond or later.beyond})
