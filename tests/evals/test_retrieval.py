"""The measures are what their definitions say, the queries hold together, and the index keeps its level."""

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from misrun.cli import eval_retrieval
from misrun.cli.app import app
from misrun.evals import retrieval
from misrun.evals.retrieval import HALVES, Query, load_queries, measures
from misrun.knowledge.corpus import load_corpus
from misrun.knowledge.index import open_index
from misrun.knowledge.levels import ANALOGY_DOMAIN, LEVELS


def test_the_measures_of_a_ranking_worked_out_by_hand() -> None:
    found = measures(["x", "a", "b", "y"], {"a": 1, "b": 2, "c": 2})
    ideal = 3 + 3 / math.log2(3) + 1 / 2
    assert found["recall@1"] == 0
    assert found["recall@5"] == found["recall@10"] == pytest.approx(2 / 3)
    assert found["answers@5"] == 1 / 2
    assert found["nDCG@10"] == pytest.approx((1 / math.log2(3) + 3 / 2) / ideal)
    assert found["MRR"] == 1 / 2


def test_more_relevant_entries_than_places_can_be_filled() -> None:
    many = {f"e{n}": 2 for n in range(20)}
    assert set(measures(list(many), many).values()) == {1.0}


def test_without_an_answer_only_the_other_measures_are_given() -> None:
    assert "answers@5" not in measures(["a"], {"a": 1})
    assert measures([], {"a": 1})["nDCG@10"] == 0


def test_the_queries_name_entries_that_exist_and_are_enough_for_every_level_and_half() -> None:
    queries, entries = load_queries(), load_corpus().by_id
    assert len({query.query for query in queries}) == len(queries) >= 150
    assert {entry for query in queries for entry in query.relevant} <= set(entries)
    assert {grade for query in queries for grade in query.relevant.values()} == {1, 2}
    for level in LEVELS:
        for half in HALVES:
            assert sum((query.level, query.half) == (level, half) for query in queries) >= 10
    abroad = [entries[entry].domain for query in queries if query.level == 4 for entry in query.relevant]
    assert set(abroad) == {ANALOGY_DOMAIN}


def test_the_half_of_a_query_depends_on_its_text_alone() -> None:
    query = Query(query="loss is nan", level=1, relevant={"a": 1})
    assert query.half == query.model_copy(update={"level": 3}).half


@pytest.fixture
def few_queries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every fifth query, and an index of the test's own."""
    kept = load_queries()[::5]
    monkeypatch.setattr(retrieval, "load_queries", lambda: kept)
    monkeypatch.setenv("MISRUN_HOME", str(tmp_path))


@pytest.mark.usefixtures("few_queries")
def test_the_command_prints_every_group_and_the_search_beats_its_parts() -> None:
    done = CliRunner().invoke(app, ["eval", "retrieval", "--json"])
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    rows = {(row["half"], row["group"], row["system"]): row["measures"] for row in content["results"]}
    assert content["entries"] == len(load_corpus().entries)
    assert {group for _, group, _ in rows} > {"all", "level 1", "level 2", "level 3", "level 4"}
    # Measured on all held queries: nDCG@10 0.76 against 0.68 (bm25) and 0.64 (dense).
    for baseline in ("bm25", "dense"):
        both = [rows["held", "all", name]["nDCG@10"] for name in ("search", baseline)]
        assert both[0] > both[1]
    assert rows["held", "all", "search"]["nDCG@10"] > 0.65


def test_the_table_shows_a_dash_where_a_group_has_no_answers(capsys: pytest.CaptureFixture[str]) -> None:
    row = retrieval.Quality(half="held", group="all", system="bm25", queries=2, measures={"recall@1": 1.0, "MRR": 0.5})
    bare = row.model_copy(update={"group": "level 2", "measures": {"recall@1": 0.0}})
    eval_retrieval._print([row, bare], domains=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["held", "all", "2", "bm25", "1.000", "0.500"]
    assert lines[2].split() == ["held", "level", "2", "2", "bm25", "0.000", "-"]


def test_timing_covers_the_first_search_and_those_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from misrun.evals.retrieval_timing import measure

    monkeypatch.setenv("MISRUN_HOME", str(tmp_path))
    index = open_index()
    times = measure(index, ["loss is nan", "cuda out of memory", "training hangs"], runs=1)
    index.close()
    assert times.first_seconds > 0
    assert 0 < times.median_ms <= times.p95_ms
    assert f"p95 {times.p95_ms:.1f} ms" in times.in_words
