"""Ingestion: what is read once, what changes, what goes, what fails, what a kill leaves, and how it is found again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hash_embedder import HashEmbedder

from misrun.knowledge.documents.document import Document, Unreadable
from misrun.knowledge.embedder import Embedder
from misrun.knowledge.ingest import Ingestion, Tally, changed_files, files_of
from misrun.knowledge.own_documents import OwnDamaged, OwnDocuments, opened, split


@pytest.fixture
def wiki(tmp_path: Path) -> Path:
    folder = tmp_path / "wiki"
    (folder / "deep").mkdir(parents=True)
    (folder / "loss.md").write_text("# Loss spikes\n\nThe loss spikes after a resume when the sampler starts anew.")
    (folder / "deep" / "memory.html").write_text("<title>Memory</title><p>Host memory grows with pinned buffers.</p>")
    (folder / "tracker.json").write_text(
        '[{"title": "Zeppelin crash", "body": "The zeppelin loader crashes at step 9.", '
        '"html_url": "https://github.com/o/r/issues/9"}, {"no": "issue"}]'
    )
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnDocuments]:
    with OwnDocuments(tmp_path / "home") as collection:
        yield collection


class Heard(list[tuple[str, str]]):
    def __call__(self, path: str, what: str) -> None:
        self.append((Path(path).name, what))


class Fetched:
    """A remote whose answers can change."""

    def __init__(self) -> None:
        self.body: bytes | None = b"# Page\n\nwalrus operator"
        self.asked = 0

    def page(self, url: str) -> tuple[bytes, str]:
        self.asked += 1
        if self.body is None:
            raise Unreadable("HTTP 503")
        return self.body, ".md"

    def paper(self, identifier: str) -> Document:
        self.asked += 1
        return Document(title="A paper", text="On walruses.", url=f"https://arxiv.org/abs/{identifier}")


def found(own: OwnDocuments, text: str, embedder: Embedder | None = None) -> list[str]:
    return [hit.title for hit in own.search(text, 5, embedder)]


def test_files_of_every_kind_are_found_by_what_they_say(wiki: Path, own: OwnDocuments) -> None:
    embedder = HashEmbedder()
    tally = Ingestion(own, embedder).add_path(wiki)
    assert tally == Tally(added=3, passages=3)
    assert found(own, "zeppelin loader", embedder)[0] == "Zeppelin crash"
    assert found(own, "pinned host memory", embedder)[0] == "Memory"
    (best, *_) = own.search("zeppelin", 5, embedder)
    assert best.url == "https://github.com/o/r/issues/9"
    assert best.id.startswith("own-")
    assert 0 < best.score <= 1
    assert own.search("loss spikes", 1, embedder)[0].url == str(wiki / "loss.md")


def test_words_alone_find_without_an_embedder(wiki: Path, own: OwnDocuments) -> None:
    Ingestion(own, None).add_path(wiki)
    assert found(own, "the sampler after resuming") == ["Loss spikes"]
    assert found(own, "kangaroo") == []


def test_nothing_in_a_query_is_syntax(wiki: Path, own: OwnDocuments) -> None:
    Ingestion(own, None).add_path(wiki)
    for query in ('"', "title: loss OR *", "NEAR(a b)", "loss' ; drop table words", "-", "", "("):
        own.search(query, 5, None)
    assert found(own, 'zeppelin" OR "loss')


def test_an_unchanged_file_is_not_read_again(wiki: Path, own: OwnDocuments) -> None:
    embedder = HashEmbedder()
    ingestion = Ingestion(own, embedder)
    ingestion.add_path(wiki)
    before = embedder.embedded
    (wiki / "loss.md").touch()
    assert ingestion.update() == Tally(unchanged=3)
    assert embedder.embedded == before


def test_an_update_takes_what_changed_and_lets_go_of_what_is_gone(wiki: Path, own: OwnDocuments) -> None:
    heard = Heard()
    ingestion = Ingestion(own, None, heard)
    ingestion.add_path(wiki)
    (wiki / "loss.md").write_text("# Loss plateaus\n\nThe platypus of losses.")
    (wiki / "tracker.json").unlink()
    (wiki / "new.txt").write_text("A quokka.")
    assert changed_files(own) == [
        f"{wiki / 'loss.md'}: changed since it was read",
        f"{wiki / 'tracker.json'}: No such file or directory",
    ]
    assert ingestion.update() == Tally(added=2, unchanged=1, removed=1, passages=2)
    assert found(own, "platypus") == ["Loss plateaus"]
    assert found(own, "quokka") == ["new.txt"]
    assert found(own, "sampler") == found(own, "zeppelin") == []
    assert ("tracker.json", "removed: the file is gone") in heard
    assert own.problems() == changed_files(own) == []


def test_a_file_of_two_sources_is_read_once(wiki: Path, own: OwnDocuments) -> None:
    ingestion = Ingestion(own, None)
    ingestion.add_path(wiki / "loss.md")
    ingestion.add_path(wiki)
    assert ingestion.update() == Tally(unchanged=4)
    assert len(own.files()) == 3


def test_a_folder_that_is_not_there_now_is_not_forgotten(wiki: Path, own: OwnDocuments, tmp_path: Path) -> None:
    heard = Heard()
    disk = tmp_path / "disk"
    disk.mkdir()
    wiki.rename(disk / "wiki")
    ingestion = Ingestion(own, None, heard)
    ingestion.add_path(disk / "wiki")
    disk.rename(tmp_path / "unmounted")
    assert ingestion.update() == Tally(unchanged=3)
    assert found(own, "zeppelin")
    assert heard[-1] == ("wiki", "is not there now; what was read from it is kept")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", b"%PDF-1.7 broken", "pdf"),
        ("a.md", b"", "no text"),
        ("a.txt", b"MZ\0\0\0\0", "no text"),
        ("a.json", b"{", "no JSON"),
        ("a.json", b'{"title": 3}', "no issue"),
        ("a.json", b"[" * 100_000, "no JSON"),
        ("a.html", b"<script>alert(1)</script>", "no text"),
    ],
)
def test_a_bad_file_is_a_row_with_its_reason_and_not_the_end(
    wiki: Path, own: OwnDocuments, name: str, data: bytes, reason: str
) -> None:
    (wiki / name).write_bytes(data)
    tally = Ingestion(own, None).add_path(wiki)
    assert (tally.added, tally.failed) == (3, 1)
    (failed,) = [file for file in own.files() if file.reason]
    assert failed.path == str(wiki / name)
    assert reason.lower() in failed.reason.lower()


def test_a_file_that_grew_bad_is_no_longer_found_and_a_mended_one_is(wiki: Path, own: OwnDocuments) -> None:
    ingestion = Ingestion(own, None)
    ingestion.add_path(wiki)
    (wiki / "tracker.json").write_text("{")
    assert ingestion.update().failed == 1
    assert found(own, "zeppelin") == []
    (wiki / "tracker.json").write_text('{"title": "Zeppelin again"}')
    assert ingestion.update().added == 1
    assert found(own, "zeppelin") == ["Zeppelin again"]


def test_links_and_hidden_files_are_left_out(wiki: Path, tmp_path: Path) -> None:
    (tmp_path / "private.md").write_text("not named")
    (wiki / "link.md").symlink_to(tmp_path / "private.md")
    (wiki / "around").symlink_to(tmp_path)
    (wiki / ".hidden.md").write_text("x")
    (wiki / ".git").mkdir()
    (wiki / ".git" / "a.md").write_text("x")
    (wiki / "weights.bin").write_text("x")
    os.mkfifo(wiki / "pipe.md")
    assert sorted(path.name for path in files_of(wiki)) == ["loss.md", "memory.html", "tracker.json"]


def test_an_ingestion_that_stops_goes_on_where_it_was(wiki: Path, own: OwnDocuments) -> None:
    class Tires(HashEmbedder):
        def embed(self, texts):  # type: ignore[no-untyped-def]
            if self.embedded >= 2:
                raise KeyboardInterrupt
            return super().embed(texts)

    with pytest.raises(KeyboardInterrupt):
        Ingestion(own, Tires()).add_path(wiki)
    assert len(own.files()) == 2
    assert own.problems() == []
    assert Ingestion(own, HashEmbedder()).update() == Tally(added=1, unchanged=2, passages=1)


def test_a_kill_in_the_middle_of_a_file_leaves_the_old_one_whole(wiki: Path, tmp_path: Path) -> None:
    home = tmp_path / "killed"
    with OwnDocuments(home) as own:
        Ingestion(own, None).add_path(wiki)
    (wiki / "loss.md").write_text("# New\n\nA wombat.")
    program = (
        "import os, sys; from pathlib import Path\n"
        "from misrun.knowledge.ingest import Ingestion; from misrun.knowledge.own_documents import OwnDocuments\n"
        "OwnDocuments._note = lambda *_: os._exit(9)\n"
        "Ingestion(OwnDocuments(Path(sys.argv[1])), None).update()\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(home)], check=False).returncode == 9
    with OwnDocuments(home) as own:
        assert own.problems() == []
        assert found(own, "sampler resume") == ["Loss spikes"]
        assert Ingestion(own, None).update() == Tally(added=1, unchanged=2, passages=1)
        assert found(own, "wombat") == ["New"]


def test_what_is_there_can_be_searched_while_more_is_put_in(wiki: Path, own: OwnDocuments, tmp_path: Path) -> None:
    Ingestion(own, None).add_path(wiki)
    seen: list[list[str]] = []

    def search_meanwhile(*_: str) -> None:
        with OwnDocuments(tmp_path / "home") as reader:
            seen.append(found(reader, "zeppelin"))

    for number in range(3):
        (wiki / f"more{number}.txt").write_text(f"Text {number}.")
    Ingestion(own, None, search_meanwhile).update()
    assert seen == [["Zeppelin crash"]] * 3


def test_a_damaged_collection_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "own_documents.sqlite").write_bytes(b"this is no database, not at all" * 100)
    with pytest.raises(OwnDamaged, match="delete it and add your documents again"), opened(tmp_path):
        pass


def test_a_page_is_fetched_once_again_only_when_asked_and_kept_when_away(own: OwnDocuments) -> None:
    remote = Fetched()
    ingestion = Ingestion(own, None)
    assert ingestion.add_url("https://wiki.example/page", remote).added == 1
    assert ingestion.add_paper("2401.00001", remote).added == 1
    assert ingestion.update() == Tally(unchanged=2)
    assert remote.asked == 2
    remote.body = None
    assert ingestion.update(remote) == Tally(unchanged=2)
    assert found(own, "walrus operator")[0] == "Page"
    remote.body = b"# Page\n\nnarwhal"
    assert ingestion.update(remote).added == 1
    assert found(own, "narwhal") == ["Page"]


def test_passages_hold_the_whole_text_within_the_bound() -> None:
    text = "\n\n".join(["word " * 30, "x" * 2_500, "end."])
    passages = split(text)
    assert all(0 < len(passage) <= 1_000 for passage in passages)
    assert "".join("".join(passages).split()) == "".join(text.split())


def test_a_collection_of_another_embedder_is_searched_by_words(wiki: Path, own: OwnDocuments) -> None:
    class Other(HashEmbedder):
        name = "other"
        dimensions = 32

    Ingestion(own, HashEmbedder()).add_path(wiki)
    assert found(own, "zeppelin", Other()) == ["Zeppelin crash"]
