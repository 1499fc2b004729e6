"""`misrun search`: the JSON contract, a readable table, and words for those who asked nothing."""

import json

import pytest
import typer
from typer.testing import CliRunner, Result

from misrun.cli.search import search_command
from misrun.knowledge.index import KnowledgeIndex

app = typer.Typer()
app.command()(search_command)


def search(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("level", ["1", "2", "3", "4", "all"])
def test_json_holds_exactly_the_contract(packaged_index: KnowledgeIndex, level: str) -> None:
    done = search("most codebook entries of my vq-vae are never used", "--level", level, "--json", "--limit", "4")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert 1 <= len(rows) <= 4
    for row in rows:
        assert list(row) == ["id", "url", "title", "level", "score"]
        assert row["url"] == packaged_index.corpus.by_id[row["id"]].url
        assert level in ("all", str(row["level"]))
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_the_best_answer_to_an_error_message_is_first() -> None:
    rows = json.loads(search("Current loss scale already at minimum - cannot decrease scale anymore", "--json").stdout)
    assert rows[0]["id"] in {"issue-firefly-bf16-loss-scale", "issue-llamafactory-loss-scale-8"}
    assert len({row["id"] for row in rows}) == len(rows)


def test_unknown_words_are_looked_for_as_text() -> None:
    rows = json.loads(search("srcSelectDimSize", "--level", "3", "--json").stdout)
    assert rows[0]["id"] == "issue-medicalgpt-added-tokens-sft"


def test_the_table_shows_title_fix_and_address() -> None:
    done = search("vae loss nan log 1e-10", "--level", "1", "--limit", "2")
    assert done.exit_code == 0
    assert "Loss may become NaN during training" in done.stdout
    assert "https://" in done.stdout


def test_an_empty_query_is_refused_with_an_example() -> None:
    done = search("  ")
    assert done.exit_code == 2
    assert "query is empty" in done.output


def test_a_level_that_does_not_exist_is_refused() -> None:
    assert search("loss nan", "--level", "5").exit_code == 2
