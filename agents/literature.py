"""The literature agent: widens its search level by level until it knows enough, and records every query."""

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from misrun.agents.applicability import RELATED, Situation, judge
from misrun.agents.characterization import Characterization
from misrun.knowledge.entry import KnowledgeEntry
from misrun.knowledge.evidence import Applicability, Evidence, SearchOutcome, SearchStep
from misrun.knowledge.index import Hit, KnowledgeIndex
from misrun.knowledge.levels import ANALOGY_DOMAIN, LEVELS, Level, queries, search_level
from misrun.knowledge.ontology import Ontology, load_ontology
from misrun.tools.code.finding import Finding
from misrun.tools.diagnosis.hypothesis import Hypothesis
from misrun.tools.diagnosis.taxonomy import HEALTHY, UNKNOWN
from misrun.tools.readers.run_record import RunRecord

# Enough: three applicable entries from two sources that do not rest on each other, two of them on the likeliest mode.
# One report may be a coincidence and two from one project may share a mistake; a fourth rarely changes the advice.
ENOUGH_ENTRIES = 3
ENOUGH_SOURCES = 2
ENOUGH_ON_FIRST = 2
# Hypotheses that are searched for: the first, and others at least a quarter as likely (1.4 nats behind), three at most.
_LEADING = 3
_LEADING_SHARE = 0.25
# Entries looked at per query, and entries handed on: a reader compares a handful, not a list.
_HITS = 8
_EVIDENCE = 8
# Leading findings asked about, and the likelihood below which a mode is no longer worth citing a source for.
_FINDINGS = 2
_STILL_LIKELY = 0.05
# Error messages asked about: the root and one more. A message is told by its first line.
_ERRORS = 2
_ERROR_CHARACTERS = 300

_RANK = {"high": 0, "medium": 1, "low": 2}
_SHARED = {"id", "kind", "url", "title", "year", "modes", "problem", "cause", "fix", "verify", "strength"}


def search_literature(
    characterization: Characterization,
    hypotheses: Sequence[Hypothesis],
    index: KnowledgeIndex,
    *,
    run: RunRecord | None = None,
    modes: Sequence[str] = (),
    exclude: Collection[str] = (),
) -> SearchOutcome:
    """Search levels 1 to 4 until enough applicable evidence is found or the levels are used up.

    `modes` replaces the modes of the hypotheses and `exclude` holds entry ids that were seen before: so the validator
    asks for more. An outcome without evidence is an answer: `stopped` says why the search ended.
    """
    wanted = tuple(modes) or leading_modes(hypotheses)
    if not wanted and hypotheses and hypotheses[0].mode == HEALTHY:
        return _Search(index, Situation(()), load_ontology()).outcome("the run is healthy: there is nothing to look up")
    situation = Situation(wanted, characterization.frameworks, characterization.model_types, run)
    search = _Search(index, situation, load_ontology(), frozenset(exclude))
    asked = search.queries(characterization)
    for level in LEVELS:
        for query in asked[level]:
            search.ask(level, query)
        if reason := enough(search.found.values(), wanted):
            return search.outcome(f"{reason} at level {level}")
    if not any(asked.values()):
        return search.outcome("nothing to ask with: no symptom, no error and no likely failure mode yet")
    applicable = len(_applicable(search.found.values()))
    return search.outcome(f"all four levels are used: {applicable} applicable of {len(search.found)} found")


def follow_findings(
    previous: SearchOutcome,
    findings: Sequence[Finding],
    characterization: Characterization,
    hypotheses: Sequence[Hypothesis],
    index: KnowledgeIndex,
    *,
    run: RunRecord | None = None,
) -> SearchOutcome:
    """The outcome once the code has been read: asked again in the words of the leading findings, which name the
    mechanism, and without the entries about modes that are no longer likely."""
    likely = {h.mode for h in hypotheses if h.likelihood >= _STILL_LIKELY}
    modes = leading_modes(hypotheses)
    search = _Search(
        index, Situation(modes, characterization.frameworks, characterization.model_types, run), load_ontology()
    )
    asked = {step.query for step in previous.steps}
    for finding in [f for f in findings if f.mode in modes][:_FINDINGS]:
        if finding.message not in asked:
            search.ask(2, finding.message)
    found = search.outcome(previous.stopped)
    # The mechanism is known now: what is worded most like it comes first, whatever the framework.
    named = sorted((item for item in found.evidence if item.applicability != "low"), key=lambda item: -item.score)
    seen = {item.id for item in named}
    kept = [item for item in previous.evidence if item.id not in seen and (not likely or likely & set(item.modes))]
    steps = (*previous.steps, *found.steps)
    stopped = f"{previous.stopped}; {len(named)} in the words of the code findings" if found.steps else previous.stopped
    return previous.model_copy(update={"evidence": (*named, *kept)[:_EVIDENCE], "steps": steps, "stopped": stopped})


class _Search:
    """One widening search: what was asked so far and what was found."""

    def __init__(
        self, index: KnowledgeIndex, situation: Situation, ontology: Ontology, exclude: frozenset[str] = frozenset()
    ) -> None:
        self.found: dict[str, Evidence] = {}
        self._steps: list[SearchStep] = []
        self._index = index
        self._situation = situation
        self._ontology = ontology
        self._exclude = exclude
        self._abroad = frozenset(entry.id for entry in index.corpus.entries if entry.domain == ANALOGY_DOMAIN)

    def queries(self, characterization: Characterization) -> dict[Level, tuple[str, ...]]:
        """What to ask at each level for this run."""
        return queries(
            characterization.symptom.value or "",
            self._ontology,
            errors=error_lines(self._situation.run),
            modes=self._situation.modes,
            frameworks=self._situation.frameworks,
            model_types=self._situation.model_types,
            techniques=characterization.techniques,
            fit=self._index.fit,
        )

    def ask(self, level: Level, query: str) -> None:
        """One query: recorded with all entries it brought up, and those that apply are kept.

        What comes from another field is taken at level 4 alone, where it is said how far it carries over: earlier it
        would pass for a case of the same failure and end the search.
        """
        modes = self._situation.modes
        exclude = self._exclude if level == 4 else self._exclude | self._abroad
        nearest = search_level(self._index, level, query, _HITS, modes=modes, exclude=exclude)
        hits = [hit for hit in nearest if hit.score >= RELATED]
        self._steps.append(SearchStep(level=level, query=query, hits=len(hits), ids=tuple(hit.id for hit in hits)))
        for hit in hits:
            self._keep(hit, level, query)

    def outcome(self, stopped: str) -> SearchOutcome:
        """What was found, most useful first."""
        return SearchOutcome(
            evidence=tuple(sorted(self.found.values(), key=self._usefulness)[:_EVIDENCE]),
            steps=tuple(self._steps),
            stopped=stopped,
            corpus_entries=len(self._index.corpus.entries),
            snapshot=self._index.corpus.snapshot,
        )

    def _keep(self, hit: Hit, level: Level, query: str) -> None:
        """The level that found an entry first keeps it, with the best score of that level."""
        before = self.found.get(hit.id)
        if before and (before.level < level or before.score >= hit.score):
            return
        entry = self._index.corpus.by_id[hit.id]
        if verdict := judge(entry, hit.score, self._situation, self._ontology):
            why = f"{verdict.why}{self._analogy(entry)}" if level == 4 else verdict.why
            self.found[hit.id] = _evidence(entry, hit, level, query, verdict.applicability, why)

    def _analogy(self, entry: KnowledgeEntry) -> str:
        """What carries over from another field to a phenomenon of the leading modes, and where that ends."""
        here = {term.id for term in self._ontology.phenomena_of(self._situation.modes)}
        for analogy in self._ontology.analogies:
            if here.intersection(analogy.between) and set(analogy.between).intersection(entry.phenomena):
                return f" {analogy.carries} Where it ends: {analogy.breaks}"
        return ""

    def _usefulness(self, item: Evidence) -> tuple[bool, int, int, int, float, str]:
        """Applicable before not; then the likelier mode, the closer setting, the narrower level, the nearer wording."""
        modes = self._situation.modes
        rank = min((modes.index(mode) for mode in item.modes if mode in modes), default=len(modes))
        low = item.applicability == "low"
        return low, rank, _RANK[item.applicability], item.level, -item.score, item.id


def leading_modes(hypotheses: Sequence[Hypothesis]) -> tuple[str, ...]:
    """Modes worth a search, likeliest first: failures that are not eliminated and not far behind the first hypothesis.
    Where "unknown" or "healthy" leads by far there are none: sources on a mere guess would lend it false weight."""
    best = max((h.likelihood for h in hypotheses), default=0.0)
    failures = [h for h in hypotheses if h.status != "eliminated" and h.mode not in (HEALTHY, UNKNOWN)]
    ranked = sorted(failures, key=lambda h: -h.likelihood)
    return tuple(h.mode for h in ranked[:_LEADING] if h.likelihood >= _LEADING_SHARE * best)


def enough(evidence: Collection[Evidence], modes: Sequence[str]) -> str:
    """Why the search may stop, or an empty text while it should go on."""
    applicable = _applicable(evidence)
    sources = {source_of(item) for item in applicable}
    on_first = [item for item in applicable if not modes or modes[0] in item.modes]
    if len(applicable) < ENOUGH_ENTRIES or len(sources) < ENOUGH_SOURCES or len(on_first) < ENOUGH_ON_FIRST:
        return ""
    return f"{len(applicable)} applicable from {len(sources)} sources"


def source_of(item: Evidence | KnowledgeEntry) -> str:
    """Who says it. Papers stand alone; issues of one repository, and pages of one site, count as one source."""
    if item.kind == "paper":
        return item.id
    parts = urlsplit(item.url)
    place = parts.path.strip("/").split("/")
    return "/".join((parts.netloc, *place[:2])) if parts.netloc == "github.com" else parts.netloc


def error_lines(run: RunRecord | None) -> tuple[str, ...]:
    """First lines of the errors that are no consequence of another one."""
    if run is None:
        return ()
    messages = [e.message for e in run.events if e.kind in ("error", "kill") and not e.secondary]
    lines = (message.strip().split("\n", 1)[0][:_ERROR_CHARACTERS] for message in messages)
    return tuple(dict.fromkeys(line for line in lines if line))[:_ERRORS]


def _evidence(
    entry: KnowledgeEntry, hit: Hit, level: Level, query: str, applicability: Applicability, why: str
) -> Evidence:
    shared = entry.model_dump(include=_SHARED)
    return Evidence(**shared, level=level, query=query, score=hit.score, applicability=applicability, why=why)


def _applicable(evidence: Collection[Evidence]) -> list[Evidence]:
    return [item for item in evidence if item.applicability != "low"]
