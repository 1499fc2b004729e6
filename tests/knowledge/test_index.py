"""The index is built once, survives damage, competition and a cache that cannot be written, and finds by both ways."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hash_embedder import HashEmbedder

from misrun.knowledge import index as index_module
from misrun.knowledge.corpus import Corpus, load_corpus, passages
from misrun.knowledge.embedder import EmbedderMissing, MiniLMEmbedder
from misrun.knowledge.index import KnowledgeIndex, open_index
from misrun.knowledge.ontology import load_ontology
from misrun.knowledge.vectors import VECTOR_FILE, key, read_vectors, vectors_of, write_vectors

HERE = Path(__file__).parent
SMALL = HERE.parent / "data" / "knowledge" / "small"
QUERY = "memory grows with every batch"


def opened(corpus: Corpus, home: Path, embedder: HashEmbedder | None = None) -> KnowledgeIndex:
    return open_index(corpus, home, embedder or HashEmbedder())


def answers(index: KnowledgeIndex) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in index.search(QUERY, 5)]


def folders(home: Path) -> list[Path]:
    return sorted((home / "index").iterdir())


def test_the_index_is_built_once_and_then_only_opened(small_corpus: Corpus, tmp_path: Path) -> None:
    first, second = HashEmbedder(), HashEmbedder()
    built = opened(small_corpus, tmp_path, first)
    found = answers(built)
    built.close()
    reopened = opened(small_corpus, tmp_path, second)
    assert first.embedded == sum(len(passages(entry)) for entry in small_corpus.entries) + 1
    assert second.embedded == 0
    assert answers(reopened) == found
    assert found[0][0] in {"issue-sparenet-loss-history", "issue-brax-loss-accumulation"}
    assert reopened.notes == ()
    reopened.close()


def test_a_changed_corpus_gets_an_index_of_its_own(small_corpus: Corpus, tmp_path: Path) -> None:
    opened(small_corpus, tmp_path).close()
    changed = small_corpus.model_copy(update={"entries": small_corpus.entries[1:], "snapshot": "other"})
    index = opened(changed, tmp_path)
    assert small_corpus.entries[0].id not in {hit.id for hit in index.search(QUERY, 50)}
    assert len(folders(tmp_path)) == 2
    index.close()


def vector_file(folder: Path) -> Path:
    return next(folder.rglob("data_level0.bin"))


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "database cut in half": lambda folder: os.truncate(
        folder / "chroma.sqlite3", (folder / "chroma.sqlite3").stat().st_size // 2
    ),
    "database empty": lambda folder: os.truncate(folder / "chroma.sqlite3", 0),
    "database is text": lambda folder: (folder / "chroma.sqlite3").write_text("x" * 9000),
    "database gone": lambda folder: (folder / "chroma.sqlite3").unlink(),
    "vectors cut": lambda folder: os.truncate(vector_file(folder), 100),
    "vectors overwritten": lambda folder: vector_file(folder).write_bytes(b"\xff" * 20_000),
    "vectors gone": lambda folder: shutil.rmtree(vector_file(folder).parent),
    "never sealed": lambda folder: (folder / "sealed.json").unlink(),
    "seal unreadable": lambda folder: (folder / "sealed.json").write_text("["),
    "everything gone": emptied,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_index_is_built_again_and_says_so(
    damage: Callable[[Path], object], small_corpus: Corpus, tmp_path: Path
) -> None:
    index = opened(small_corpus, tmp_path)
    found = answers(index)
    index.close()
    damage(folders(tmp_path)[0])
    again = opened(small_corpus, tmp_path)
    assert answers(again) == found
    assert len(again.notes) == 1
    assert "damaged" in again.notes[0]
    assert len(folders(tmp_path)) == 1
    again.close()
    healthy = opened(small_corpus, tmp_path)
    assert healthy.notes == ()
    healthy.close()


def test_what_a_dead_build_left_does_no_harm_and_is_swept_when_old(small_corpus: Corpus, tmp_path: Path) -> None:
    left = tmp_path / "index" / ".building-1-dead"
    left.mkdir(parents=True)
    (left / "chroma.sqlite3").write_bytes(b"SQLite format 3")
    old = time.time() - 40 * 24 * 3600
    os.utime(left, (old, old))
    index = opened(small_corpus, tmp_path)
    assert answers(index)
    assert not left.exists()
    index.close()


def test_two_processes_at_once_get_the_same_whole_index(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "hash_embedder.py"), str(SMALL), str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]
    assert "damaged" not in outputs[0][0]
    assert len(folders(tmp_path)) == 1


def test_a_process_killed_in_its_build_leaves_nothing_that_is_in_the_way(small_corpus: Corpus, tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "hash_embedder.py"), str(SMALL), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and not list(tmp_path.glob("index/.building-*")):
        os.sched_yield()
    process.kill()
    process.wait()
    index = opened(small_corpus, tmp_path)
    assert answers(index)
    assert index.notes == ()
    index.close()


def test_an_open_index_goes_on_answering_while_a_larger_one_is_built_and_opened(
    small_corpus: Corpus, tmp_path: Path
) -> None:
    entries = small_corpus.entries
    fewer = small_corpus.model_copy(update={"entries": entries[:-1], "snapshot": "fewer"})
    old = opened(fewer, tmp_path)
    found = answers(old)
    new = opened(small_corpus, tmp_path)
    assert answers(old) == found
    assert entries[-1].id in {hit.id for hit in new.search(entries[-1].title, 5)}
    new.close()
    assert answers(old) == found
    old.close()


def test_a_cache_that_cannot_be_written_is_replaced_by_memory_with_a_note(small_corpus: Corpus, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the cache folder should be")
    index = opened(small_corpus, blocked / "home")
    assert index.place == "memory"
    assert "cannot be written" in index.notes[0]
    assert answers(index)[0][0] in {"issue-sparenet-loss-history", "issue-brax-loss-accumulation"}
    index.close()


@pytest.mark.enable_socket
def test_an_unreachable_chroma_server_is_noted_without_its_password(
    small_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Port 1 of the own machine: nothing listens there, the refusal comes at once.
    monkeypatch.setenv("MISRUN_CHROMA_URL", "http://user:secret@127.0.0.1:1")
    index = opened(small_corpus, tmp_path)
    assert str(tmp_path) in index.place
    assert "127.0.0.1:1 cannot be used" in index.notes[0]
    assert "secret" not in index.notes[0]
    assert answers(index)
    index.close()


@pytest.mark.slow
@pytest.mark.enable_socket
def test_a_chroma_server_holds_the_collection_when_its_url_is_given(
    small_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(tmp_path / "server")]
    server = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        monkeypatch.setenv("MISRUN_CHROMA_URL", f"http://127.0.0.1:{port}")
        first, second = HashEmbedder(), HashEmbedder()
        filled = opened(small_corpus, tmp_path / "unused", first)
        assert filled.place == f"http://127.0.0.1:{port}"
        again = opened(small_corpus, tmp_path / "unused", second)
        assert answers(again) == answers(filled)
        # The second client embeds its query only.
        assert second.embedded == 1
        assert not (tmp_path / "unused").exists()
    finally:
        server.terminate()
        server.wait(timeout=20)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    import socket

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise TimeoutError(f"nothing listens on port {port}")


def test_without_the_model_words_still_find(small_corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> MiniLMEmbedder:
        raise EmbedderMissing("not installed: pip install something")

    monkeypatch.setattr(index_module, "default_embedder", missing)
    index = open_index(small_corpus)
    assert "words only" in index.notes[0]
    assert "pip install" in index.notes[0]
    assert index.search("log(1e-10) gives nan in the vae")[0].id == "issue-vae-log-eps-too-small"
    index.close()


@pytest.mark.parametrize("content", [b"CHROMA_SERVER_HTTP_PORT=\xff\xfe", b"chroma_server_http_port=many"])
def test_an_unreadable_env_file_where_the_user_stands_does_not_end_the_search(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    command = [sys.executable, str(HERE / "hash_embedder.py"), str(SMALL), str(tmp_path / "home")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "words only" in done.stdout
    assert ".env" in done.stdout
    assert "issue-brax-loss-accumulation" in done.stdout


def test_search_honours_limit_selection_and_empty_texts(small_corpus: Corpus, tmp_path: Path) -> None:
    index = opened(small_corpus, tmp_path)
    chosen = {"paper-pid-controller-optimizer", "forum-kmeans-empty-cluster"}
    assert len(index.search(QUERY, 3)) == 3
    assert {hit.id for hit in index.search(QUERY, 10, chosen)} <= chosen
    assert index.search(QUERY, 10, []) == []
    assert index.search("  ") == []
    assert index.search(QUERY, 0) == []
    assert all(0 <= hit.score <= 1 for hit in index.search(QUERY, 50))
    index.close()


def test_a_pasted_log_of_megabytes_is_a_query_like_any_other(small_corpus: Corpus, tmp_path: Path) -> None:
    index = opened(small_corpus, tmp_path)
    log = "RuntimeError: CUDA out of memory\x00\x1b[31m \ud800" + "step 1 loss nan " * 100_000
    assert index.search(log.encode(errors="replace").decode(), 3)
    index.close()


def test_damaged_corpus_lines_are_skipped_with_a_note(tmp_path: Path) -> None:
    good = (SMALL / "entries.jsonl").read_text(encoding="utf-8").splitlines()[0]
    misspelt = json.dumps({**json.loads(good), "id": "issue-other", "framework": ["jax"]})
    lines = [good, '{"id": "half', misspelt, good, ""]
    (tmp_path / "mixed.jsonl").write_text("\r\n".join(lines), encoding="utf-8")
    corpus = load_corpus(tmp_path)
    assert [entry.id for entry in corpus.entries] == [json.loads(good)["id"]]
    assert [note.split(":")[1] for note in corpus.notes] == ["2", "3", "4"]
    assert "framework" in corpus.notes[1]


def test_a_corpus_without_entries_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no knowledge entry"):
        load_corpus(tmp_path)


def test_the_shipped_vectors_are_those_of_the_shipped_corpus() -> None:
    texts = [text for entry in load_corpus().entries for text in passages(entry)]
    wanted = {key(text, MiniLMEmbedder.name) for text in (*texts, *load_ontology().phenomena_described)}
    assert wanted == set(read_vectors()), "run `python -m misrun.knowledge.index`"


def test_stored_vectors_replace_embedding_and_only_new_texts_are_embedded(small_corpus: Corpus, tmp_path: Path) -> None:
    file = tmp_path / "vectors.npz"
    texts = [text for entry in small_corpus.entries for text in passages(entry)]
    fresh, embedder = HashEmbedder(), HashEmbedder()
    assert write_vectors(texts, fresh, file) == len(texts)
    vectors = vectors_of([*texts, "a new text"], embedder, file)
    assert embedder.embedded == 1
    assert abs(vectors[:-1] - fresh.embed(texts)).max() < 2e-3


def test_a_damaged_vector_file_only_costs_time(tmp_path: Path) -> None:
    file = tmp_path / "vectors.npz"
    file.write_bytes(VECTOR_FILE.read_bytes()[:5000])
    assert read_vectors(file) == {}
    assert read_vectors(tmp_path / "missing.npz") == {}


HEAVY = ("chromadb", "onnxruntime", "tokenizers", "numpy", "yaml", "rich", "torch")
LIGHT = (
    "misrun.knowledge.index",
    "misrun.knowledge.levels",
    "misrun.agents.literature",
    "misrun.cli.search",
)


def test_importing_the_knowledge_modules_loads_nothing_heavy() -> None:
    # typer, which every command needs, brings rich with it where it is installed; so it is asked for without the CLI.
    code = f"import sys; import {', '.join(LIGHT[:3])}; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
