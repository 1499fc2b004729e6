"""`misrun index` and what `misrun search` makes of it: own documents beside the shipped ones, told apart."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from misrun.cli import search_beyond
from misrun.cli.app import app
from misrun.knowledge.index import KnowledgeIndex, open_index
from misrun.knowledge.sources import registry
from misrun.knowledge.sources.source import Found, LiveResult, Question, Unavailable

CONTRACT = ["id", "url", "title", "level", "score"]


@pytest.fixture(scope="module")
def shared_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeIndex]:
    index = open_index(home=tmp_path_factory.mktemp("index"))
    yield index
    index.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MISRUN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("# Narwhal trainer stalls\n\nThe narwhal trainer stalls when the tusk cache is full.")
    (folder / "b.json").write_text("{")
    return folder


def misrun(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def search(monkeypatch: pytest.MonkeyPatch, index: KnowledgeIndex, *words: str) -> Result:
    monkeypatch.setattr("misrun.knowledge.index.open_index", lambda: index)
    monkeypatch.setattr(index, "close", lambda: None)
    return misrun("search", *words)


def test_added_documents_are_counted_and_bad_ones_named(notes: Path) -> None:
    done = misrun("index", "add", str(notes))
    assert done.exit_code == 0, done.output
    assert "1 files read (1 passages), 0 unchanged, 0 removed, 1 not read" in done.stdout
    stats = json.loads(misrun("index", "stats", "--json").stdout)
    assert stats["sources"] == [{"place": str(notes), "kind": "folder", "files": 1, "passages": 1, "failed": 1}]
    assert stats["failed"] == [{"path": str(notes / "b.json"), "reason": "it is no JSON"}]
    assert "not read: " in misrun("index", "stats").stdout


def test_own_documents_stand_among_the_shipped_ones_and_are_told_apart(
    notes: Path, monkeypatch: pytest.MonkeyPatch, shared_index: KnowledgeIndex
) -> None:
    misrun("index", "add", str(notes), "--quiet")
    rows = json.loads(search(monkeypatch, shared_index, "narwhal trainer stalls", "--json").stdout)
    assert all(list(row) == CONTRACT for row in rows)
    assert rows[0]["id"].startswith("own-")
    assert (rows[0]["url"], rows[0]["level"]) == (str(notes / "a.md"), 0)
    assert any(row["id"] in shared_index.corpus.by_id for row in rows[1:])
    assert "(yours)" in search(monkeypatch, shared_index, "narwhal trainer stalls").stdout


def test_update_and_check_follow_the_files(notes: Path) -> None:
    misrun("index", "add", str(notes / "a.md"), "--quiet")
    assert misrun("index", "check").stdout == "All is well.\n"
    (notes / "a.md").write_text("# Other\n\nwords")
    checked = misrun("index", "check")
    assert checked.exit_code == 1
    assert "changed since it was read" in checked.stdout
    assert "1 files read" in misrun("index", "update").stdout
    (notes / "a.md").unlink()
    assert "1 removed" in misrun("index", "update").stdout


def test_what_does_not_exist_and_what_is_damaged_is_said(home: Path) -> None:
    missing = misrun("index", "add", "nowhere.pdf")
    assert missing.exit_code == 2
    assert "nowhere.pdf does not exist" in missing.output
    (home / "own_documents.sqlite").write_bytes(b"no database at all, whatever its name" * 99)
    damaged = misrun("index", "stats")
    assert damaged.exit_code == 2
    assert "delete it and add your documents again" in damaged.output


def test_a_damaged_collection_does_not_stop_a_search(
    home: Path, monkeypatch: pytest.MonkeyPatch, shared_index: KnowledgeIndex
) -> None:
    home.mkdir(exist_ok=True)
    (home / "own_documents.sqlite").write_bytes(b"no database at all, whatever its name" * 99)
    done = search(monkeypatch, shared_index, "loss nan", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)
    assert "your own documents were not searched" in done.stderr


class Site:
    name = "arXiv"

    def __init__(self, answer: Found | Unavailable) -> None:
        self.answer, self.asked = answer, list[Question]()

    def search(self, question: Question, limit: int) -> Found | Unavailable:
        self.asked.append(question)
        return self.answer


def test_live_sources_are_asked_only_with_the_option(
    monkeypatch: pytest.MonkeyPatch, shared_index: KnowledgeIndex
) -> None:
    paper = LiveResult(source="arXiv", kind="paper", url="https://arxiv.org/abs/1", title="Loss nan", text="A paper.")
    site, away = (
        Site(Found(source="arXiv", query="q", results=(paper,))),
        Site(Unavailable(source="S2", reason="HTTP 429")),
    )
    away.name = "S2"
    monkeypatch.setattr(registry, "all_sources", lambda _: (site, away))
    offline = search(monkeypatch, shared_index, "loss nan /home/me/secret.py", "--json")
    assert site.asked == []
    online = search(monkeypatch, shared_index, "loss nan /home/me/secret.py", "--json", "--online")
    assert site.asked == [Question(threads="loss nan", papers="loss nan")]
    rows = json.loads(online.stdout)
    assert rows[:-1] == json.loads(offline.stdout)
    assert rows[-1] == {
        "id": "live-https://arxiv.org/abs/1",
        "url": "https://arxiv.org/abs/1",
        "title": "Loss nan",
        "level": 0,
        "score": 1.0,
    }
    assert "S2: unavailable, HTTP 429" in online.stderr


def test_nothing_is_made_where_nothing_was_added(home: Path) -> None:
    assert search_beyond.own_rows("loss", 5) == []
    assert not (home / "own_documents.sqlite").exists()
