"""Retrieval quality and speed of the knowledge index, on labelled queries.

    python benchmarks/retrieval.py            tables for both halves of the queries
    python benchmarks/retrieval.py --timing   cold start (fresh process) and warm queries as well

The queries are written as users write, each with the ids of the entries that answer it. Weights and thresholds were
chosen on the half "choose" alone; "held" is what may be quoted. recall@k counts relevant entries among the first k,
over min(k, relevant entries). `bm25` and `dense` are the two parts of `fused`; `level` asks as `misrun search` does for
the query's own level, and `all` as it does for all levels. The last lines show how scores tell entries that answer a
query from entries about other failure modes: the thresholds of agents/applicability.py come from there.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

from misrun.agents.applicability import CLOSE, RELATED
from misrun.cli.search import search_levels
from misrun.knowledge.index import KnowledgeIndex, open_index

QUERIES = Path(__file__).parents[1] / "tests" / "data" / "knowledge" / "queries.jsonl"
COLD = """
import time; start = time.perf_counter()
from misrun.agents.characterization import Characterization, Field
from misrun.agents.literature import search_literature
from misrun.knowledge.index import open_index
from misrun.tools.diagnosis.hypothesis import Hypothesis
mode = "optimization/low_precision_overflow"
symptom = Field(value="Training loss became NaN at step 300", origin="log")
guess = Hypothesis(mode=mode, category="optimization", likelihood=0.8)
search_literature(Characterization(symptom=symptom, frameworks=("pytorch",)), [guess], open_index())
print(time.perf_counter() - start)
"""
# Deep enough for every measure here; nDCG and recall look at the first ten.
DEPTH = 50
Query = dict[str, object]
Ranking = Callable[[Query], list[str]]


def measures(ranking: list[str], relevant: set[str]) -> dict[str, float]:
    """recall@1/5/10, nDCG@10 (binary gains) and reciprocal rank of one ranking, each 0..1."""
    found = [entry in relevant for entry in ranking]
    gain = sum(1 / math.log2(place + 2) for place, hit in enumerate(found[:10]) if hit)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(10, len(relevant))))
    first = next((place for place, hit in enumerate(found) if hit), None)
    recalls = {f"recall@{k}": sum(found[:k]) / min(k, len(relevant)) for k in (1, 5, 10)}
    return {**recalls, "nDCG@10": gain / ideal, "MRR": 0.0 if first is None else 1 / (first + 1)}


def systems(index: KnowledgeIndex) -> dict[str, Ranking]:
    """Each way of ranking, by name."""

    def part(name: str) -> Ranking:
        def rank(query: Query) -> list[str]:
            hits = index.search(str(query["query"]), len(index.corpus.entries))
            ordered = sorted(hits, key=lambda hit: (-getattr(hit, name), hit.id))
            return [hit.id for hit in ordered if getattr(hit, name) > 0][:DEPTH]

        return rank

    def level(query: Query) -> list[str]:
        return [hit.id for _, hit in search_levels(index, str(query["query"]), str(query["level"]), DEPTH)]

    def every(query: Query) -> list[str]:
        return [hit.id for _, hit in search_levels(index, str(query["query"]), "all", DEPTH)]

    return {"bm25": part("lexical"), "dense": part("dense"), "fused": part("score"), "level": level, "all": every}


def table(queries: list[Query], ranked: dict[str, Ranking]) -> list[str]:
    """One line per half, level and system."""
    groups: dict[tuple[str, str], list[Query]] = defaultdict(list)
    for query in queries:
        for group in (str(query["level"]), "1-4"):
            groups[str(query["half"]), group].append(query)
    lines = []
    for (half, level), members in sorted(groups.items()):
        for name, rank in ranked.items():
            rows = [measures(rank(query), set(query["relevant"])) for query in members]  # type: ignore[call-overload]
            means = "  ".join(f"{key} {mean(row[key] for row in rows):.3f}" for key in rows[0])
            lines.append(f"{half:6}  level {level:3}  n={len(members):3}  {name:5}  {means}")
    return lines


def separation(index: KnowledgeIndex, queries: list[Query]) -> list[str]:
    """Share of relevant entries, and of entries about other failure modes, among the first ten at or above a score."""
    relevant: list[float] = []
    others: list[float] = []
    for query in (query for query in queries if query["half"] == "choose"):
        wanted: set[str] = set(query["relevant"])  # type: ignore[call-overload]
        modes = {mode for entry in wanted for mode in index.corpus.by_id[entry].modes}
        for hit in index.search(str(query["query"]), 10):
            if hit.id in wanted:
                relevant.append(hit.score)
            elif modes.isdisjoint(index.corpus.by_id[hit.id].modes):
                others.append(hit.score)
    return [
        f"score >= {bound:.2f}: {mean(s >= bound for s in relevant):.3f} of the relevant, "
        f"{mean(s >= bound for s in others):.3f} of the others"
        for bound in (0.15, RELATED, 0.25, 0.3, 0.35, CLOSE, 0.4)
    ]


def timing(index: KnowledgeIndex, queries: list[Query]) -> list[str]:
    """Seconds of the literature stage in a fresh process, and of a query in a running one."""
    command = [sys.executable, "-c", COLD]
    cold = [float(subprocess.run(command, capture_output=True, check=True, text=True).stdout) for _ in range(5)]
    warm = []
    for query in queries:
        start = time.perf_counter()
        index.search(str(query["query"]))
        warm.append(time.perf_counter() - start)
    return [
        f"cold literature stage with imports  median {median(cold):.2f} s, worst of {len(cold)}: {max(cold):.2f} s",
        f"warm query  median {1000 * median(warm):.1f} ms, worst of {len(warm)}: {1000 * max(warm):.1f} ms",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timing", action="store_true", help="measure cold start and warm queries as well")
    arguments = parser.parse_args()
    queries = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    index = open_index()
    lines = [f"{len(index.corpus.entries)} entries, snapshot {index.corpus.snapshot[:12]}", *index.notes]
    lines += table(queries, systems(index)) + separation(index, queries)
    lines += timing(index, queries) if arguments.timing else []
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
