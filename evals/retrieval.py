"""How well the knowledge index answers labelled queries, against BM25 alone and the dense model alone.

The queries (`retrieval_queries.jsonl`) are worded as users word their symptoms, after titles of real threads; the
half a query belongs to is fixed by a digest of its text. Weights and thresholds were chosen on the half "dev" alone,
"held" is what may be quoted. Entries were judged by pooling: the first ten each of BM25, of the dense model and of
their fusion, and the first seven by the nearest single sentence, all as they were before this tuning, were judged by
reading, one judge, before anything was changed; a few entries the judge knew and the pool lacked were added. An
entry's grade is 2 when it answers the query (same symptom, a cause and fix worth trying first) and 1 when it helps
(another view or one possible cause of the same failure). At level 4 only entries from other fields count. Queries for
which the corpus holds nothing were dropped (13 of 254). What nobody pooled counts as irrelevant, which favours the
systems that made the pool, the two baselines among them.
"""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Literal

from misrun.knowledge.corpus import wording
from misrun.knowledge.index import KnowledgeIndex
from misrun.knowledge.levels import ANALOGY_DOMAIN, LEVELS, Level, search_text
from misrun.knowledge.lexical import LexicalIndex
from misrun.knowledge.ontology import load_ontology
from misrun.tools.record import Record

QUERY_FILE = Path(__file__).with_name("retrieval_queries.jsonl")
Half = Literal["dev", "held"]
HALVES: tuple[Half, ...] = ("dev", "held")
# The measures look at the first ten.
DEPTH = 10
_ANSWERS = 2


class Query(Record):
    """A labelled query: the level it is meant for, and the grade of each relevant entry."""

    query: str
    level: Level
    relevant: dict[str, int]

    @property
    def half(self) -> Half:
        return HALVES[hashlib.sha256(self.query.encode()).digest()[-1] % 2]


class Quality(Record):
    """Means over the queries of one group. `recall@k` counts relevant entries among the first k over min(k, relevant
    entries); `answers@5` counts those of grade 2 alone, over the queries that have some; nDCG@10 has gains of
    2^grade - 1 (Järvelin and Kekäläinen 2002, doi:10.1145/582415.582418, with the gain of Burges et al. 2005)."""

    half: Half
    group: str
    system: str
    queries: int
    measures: dict[str, float]


System = Callable[[Query], list[str]]


def load_queries(file: Path = QUERY_FILE) -> tuple[Query, ...]:
    """The labelled queries."""
    return tuple(Query.model_validate(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines())


def measures(ranking: Sequence[str], relevant: dict[str, int]) -> dict[str, float]:
    """recall@1/5/10, answers@5, nDCG@10 and reciprocal rank of one ranking, each 0..1."""
    grades = [relevant.get(entry, 0) for entry in ranking[:DEPTH]]
    first = next((place for place, grade in enumerate(grades) if grade), None)
    found = {f"recall@{k}": sum(map(bool, grades[:k])) / min(k, len(relevant)) for k in (1, 5, 10)}
    if answers := sum(grade == _ANSWERS for grade in relevant.values()):
        found["answers@5"] = sum(grade == _ANSWERS for grade in grades[:5]) / min(5, answers)
    ideal = _gain(sorted(relevant.values(), reverse=True)[:DEPTH])
    return {**found, "nDCG@10": _gain(grades) / ideal, "MRR": 0.0 if first is None else 1 / (first + 1)}


def _gain(grades: Iterable[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def systems(index: KnowledgeIndex) -> dict[str, System]:
    """Each way of ranking, by name. `search` is `misrun search --level` with the query's own level, `all` is the same
    over all levels. The baselines have no ontology, no failure modes and no second wording; at level 4 they too look
    among the entries from other fields only, which `all` does not."""
    entries = index.corpus.entries
    words = LexicalIndex({entry.id: wording(entry) for entry in entries})
    abroad = {entry.id for entry in entries if entry.domain == ANALOGY_DOMAIN}

    def bm25(query: Query) -> list[str]:
        scores = words.scores(query.query)
        ranked = sorted(zip(-scores, words.keys, strict=True))
        return [key for score, key in ranked if score < 0 and (query.level < max(LEVELS) or key in abroad)][:DEPTH]

    def dense(query: Query) -> list[str]:
        among = abroad if query.level == max(LEVELS) else None
        return [hit.id for hit in index.nearest(query.query, DEPTH, among)]

    def search(levels: Callable[[Query], Sequence[Level]]) -> System:
        def rank(query: Query) -> list[str]:
            return [hit.id for _, hit in search_text(index, query.query, levels(query), load_ontology(), DEPTH)]

        return rank

    return {"bm25": bm25, "dense": dense, "search": search(lambda q: (q.level,)), "all": search(lambda _: LEVELS)}


def evaluate(index: KnowledgeIndex, queries: Sequence[Query], halves: Sequence[Half] = HALVES) -> list[Quality]:
    """Every system on every group of each half: all queries, those of a level, those of a domain."""
    groups: dict[tuple[Half, str], list[Query]] = defaultdict(list)
    for query in (query for query in queries if query.half in halves):
        for group in ("all", f"level {query.level}", domain_of(query, index)):
            groups[query.half, group].append(query)
    found = []
    for name, rank in systems(index).items():
        each = {q.query: measures(rank(q), q.relevant) for members in groups.values() for q in members}
        for (half, group), members in sorted(groups.items()):
            rows = [each[query.query] for query in members]
            found.append(Quality(half=half, group=group, system=name, queries=len(rows), measures=_means(rows)))
    return found


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: round(mean(row[name] for row in rows if name in row), 4) for name in names}


def domain_of(query: Query, index: KnowledgeIndex) -> str:
    """The domain that most of the query's relevant entries are filed under."""
    weight: dict[str, int] = defaultdict(int)
    for entry, grade in query.relevant.items():
        weight[index.corpus.by_id[entry].domain] += grade
    return min(weight, key=lambda domain: (-weight[domain], domain))


def separation(index: KnowledgeIndex, queries: Sequence[Query], bounds: Sequence[float]) -> list[tuple[float, ...]]:
    """For each score: it, the share of relevant entries among the first ten that reach it, and the share of entries
    about other failure modes. On "dev": the thresholds of agents/applicability.py come from here."""
    relevant: list[float] = []
    others: list[float] = []
    for query in (query for query in queries if query.half == "dev"):
        modes = {mode for entry in query.relevant for mode in index.corpus.by_id[entry].modes}
        for hit in index.search(query.query, DEPTH):
            if hit.id in query.relevant:
                relevant.append(hit.score)
            elif modes.isdisjoint(index.corpus.by_id[hit.id].modes):
                others.append(hit.score)
    return [(bound, *(mean(score >= bound for score in scores) for scores in (relevant, others))) for bound in bounds]
