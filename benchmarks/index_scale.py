"""The knowledge index when it is large, grows, is killed while it is built, and is damaged.

    python benchmarks/index_scale.py                     the shipped corpus and filler up to 5,000 entries
    python benchmarks/index_scale.py --entries 100000    takes long: Chroma inserts about 1,000 vectors a second

Filler entries are random words of the shipped corpus with random unit vectors, so that nothing has to be embedded but
the queries. Random directions are the hardest case for the approximate search: real texts lie in clusters.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from misrun.evals.retrieval import load_queries
from misrun.evals.retrieval_timing import measure
from misrun.knowledge.corpus import Corpus, load_corpus
from misrun.knowledge.embedder import default_embedder
from misrun.knowledge.index import KnowledgeIndex, open_index
from misrun.knowledge.vectors import VECTOR_FILE, key, read_vectors

if TYPE_CHECKING:
    from misrun.knowledge.embedder import Vectors

QUERIES = [query.query for query in load_queries()]
ADDED = 1_000


class FillerEmbedder:
    """Stored vectors for shipped texts, real ones for queries, random ones for filler."""

    def __init__(self) -> None:
        self._real = default_embedder()
        self._known = read_vectors(VECTOR_FILE)
        self._random = np.random.default_rng(0)
        self.name, self.dimensions = self._real.name, self._real.dimensions

    def embed(self, texts: Sequence[str]) -> "Vectors":
        if len(texts) == 1:
            return self._real.embed(texts)
        rows = self._random.standard_normal((len(texts), self.dimensions)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        for row, text in zip(rows, texts, strict=True):
            if (stored := self._known.get(key(text, self.name))) is not None:
                row[:] = stored
        return rows


def grown(corpus: Corpus, count: int) -> Corpus:
    """The corpus with filler up to `count` entries."""
    dice = random.Random(0)
    words = " ".join(f"{entry.problem} {entry.cause}" for entry in corpus.entries).split()
    filler = [
        corpus.entries[n % len(corpus.entries)].model_copy(
            update={
                "id": f"issue-filler-{n}",
                "title": " ".join(dice.choices(words, k=8)),
                "symptoms": tuple(" ".join(dice.choices(words, k=10)) for _ in range(2)),
                **{name: " ".join(dice.choices(words, k=20)) for name in ("problem", "cause", "fix")},
            }
        )
        for n in range(count - len(corpus.entries))
    ]
    return corpus.model_copy(update={"entries": (*corpus.entries, *filler), "snapshot": f"filler-{count}"})


def speed(index: KnowledgeIndex) -> str:
    times = measure(index, QUERIES[:100], runs=0)
    return f"query {times.in_words}"


def while_growing(old: KnowledgeIndex, corpus: Corpus, home: Path) -> str:
    """Search the old index for as long as one with 1,000 more entries is built beside it."""
    expected = [hit.id for hit in old.search(QUERIES[0], 5)]
    builder = threading.Thread(target=lambda: open_index(corpus, home, FillerEmbedder()).close())
    start, searches, wrong = time.perf_counter(), 0, 0
    builder.start()
    while builder.is_alive():
        searches += 1
        wrong += [hit.id for hit in old.search(QUERIES[0], 5)] != expected
    return f"{time.perf_counter() - start:.1f} s, {searches} searches meanwhile, {wrong} of them wrong"


def killed(home: Path) -> str:
    """Kill a process in the middle of its build, then open the index."""
    process = subprocess.Popen([sys.executable, __file__, "--build", str(home)])
    while not any((home / "index").glob(".building-*")) and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    index = open_index(home=home)
    found = len(index.search(QUERIES[0], 5))
    index.close()
    return f"killed with {process.returncode}; afterwards {found} hits, notes: {index.notes or 'none'}"


def damaged(home: Path) -> str:
    """Overwrite a vector file, then open the index."""
    next(home.rglob("data_level0.bin")).write_bytes(b"\xff" * 1_000)
    index = open_index(home=home)
    found = len(index.search(QUERIES[0], 5))
    index.close()
    return f"{found} hits, notes: {'; '.join(index.notes)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=5_000, help="size of the corpus with filler")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        open_index(home=arguments.build).close()
        return
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), arguments.entries)


def report(folder: Path, count: int) -> None:
    corpus = load_corpus()
    start = time.perf_counter()
    index = open_index(home=folder / "shipped")
    say(f"{len(corpus.entries)} entries: first build {time.perf_counter() - start:.1f} s; {speed(index)}")
    say(
        f"{ADDED} entries more: " + while_growing(index, grown(corpus, len(corpus.entries) + ADDED), folder / "shipped")
    )
    index.close()
    say("build killed: " + killed(folder / "killed"))
    say("index damaged: " + damaged(folder / "killed"))
    start = time.perf_counter()
    index = open_index(grown(corpus, count), folder / "large", FillerEmbedder())
    say(f"{count} entries: built in {time.perf_counter() - start:.0f} s; {speed(index)}")
    index.close()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
