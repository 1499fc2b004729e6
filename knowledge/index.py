"""The knowledge index: the corpus, searchable by meaning (Chroma) and by words (BM25).

`python -m misrun.knowledge.index` embeds what changed in the corpus and writes `corpus/vectors.npz` anew.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Collection as AnyOf
from pathlib import Path
from typing import Any

from misrun.knowledge.corpus import Corpus, load_corpus, passages, wording
from misrun.knowledge.embedder import Embedder, EmbedderMissing, default_embedder
from misrun.knowledge.lexical import LexicalIndex
from misrun.knowledge.store import OpenStore, Rows, open_store
from misrun.knowledge.vectors import vectors_of, write_vectors
from misrun.tools.home import misrun_home
from misrun.tools.record import Record

# Weight of the BM25 score beside the cosine. On the half of the labelled queries used for choosing, nDCG@10 was 0.756
# for the cosine alone, 0.745 for BM25 alone, and 0.806, 0.817, 0.819, 0.820 for the weights 0.4 to 0.7: a plateau.
LEXICAL_WEIGHT = 0.6
# Passages taken from Chroma for every entry that is asked for: an entry has two, and the words may lift one up.
_DEPTH = 6


class Hit(Record):
    """One entry found. `score` (0..1) is the weighted mean of `dense` (cosine, negative ones as 0) and `lexical`."""

    id: str
    score: float
    dense: float
    lexical: float


class KnowledgeIndex:
    """Search over a corpus. Make one with `open_index`."""

    def __init__(self, corpus: Corpus, embedder: Embedder | None, store: OpenStore | None, notes: tuple[str, ...]):
        self.corpus = corpus
        self.notes = notes
        self.place = store.place if store else "words only"
        self._embedder = embedder
        self._store = store
        self._lexical = LexicalIndex({entry.id: wording(entry) for entry in corpus.entries})

    def search(self, text: str, limit: int = 10, among: AnyOf[str] | None = None) -> list[Hit]:
        """The entries nearest to `text`, best first, at most `limit`; with `among` only entries with those ids.
        Entries that share no word and have no similarity are left out; an empty text finds nothing."""
        if not text.strip() or limit < 1:
            return []
        wanted = set(self.corpus.by_id if among is None else among)
        dense = self._dense(text, limit * _DEPTH, None if among is None else wanted)
        lexical = {key: score for key, score in self._lexical.scores(text).items() if key in wanted}
        hits = [_hit(key, dense.get(key, 0.0), lexical.get(key, 0.0), bool(dense)) for key in dense.keys() | lexical]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:limit]

    def close(self) -> None:
        """Let go of the files of the index."""
        if self._store:
            self._store.client.close()

    def _dense(self, text: str, count: int, among: set[str] | None) -> dict[str, float]:
        """Cosine of the best passage of each entry near the text."""
        if self._embedder is None or self._store is None or among == set():
            return {}
        where: Any = None if among is None else {"entry": {"$in": sorted(among)}}
        found = self._store.collection.query(
            query_embeddings=self._embedder.embed([text]),
            n_results=count,
            where=where,
            include=["metadatas", "distances"],
        )
        best: dict[str, float] = defaultdict(float)
        for metadata, distance in zip((found["metadatas"] or [[]])[0], (found["distances"] or [[]])[0], strict=True):
            key = str(metadata["entry"])
            best[key] = max(best[key], 1 - float(distance))
        return best


def _hit(key: str, dense: float, lexical: float, has_dense: bool) -> Hit:
    weight = LEXICAL_WEIGHT if has_dense else 1.0
    score = min(1.0, (1 - weight) * dense + weight * lexical)
    return Hit(id=key, score=round(score, 4), dense=round(dense, 4), lexical=round(lexical, 4))


def open_index(
    corpus: Corpus | None = None, home: Path | None = None, embedder: Embedder | None = None
) -> KnowledgeIndex:
    """The index of `corpus` (the packaged one by default), built where it is missing, outdated or damaged.

    `home` is the folder misrun keeps its own files in; MISRUN_CHROMA_URL puts the vectors on a Chroma
    server. What could not be done as asked is told in `notes`, and the search goes on with what there is.
    """
    corpus = corpus or load_corpus()
    try:
        embedder = embedder or default_embedder()
        store = open_store(_rows(corpus, embedder), home or misrun_home(), os.environ.get("MISRUN_CHROMA_URL"))
    except (EmbedderMissing, OSError) as error:
        return KnowledgeIndex(corpus, None, None, (*corpus.notes, f"searching by words only: {error}"))
    return KnowledgeIndex(corpus, embedder, store, (*corpus.notes, *store.notes))


def _rows(corpus: Corpus, embedder: Embedder) -> Rows:
    texts = {f"{e.id}#{n}": (e.id, text) for e in corpus.entries for n, text in enumerate(passages(e))}
    owners, contents = zip(*texts.values(), strict=True)
    # The name holds all that the vectors depend on, so that a changed corpus or embedder gets an index of its own.
    content = "\n".join((embedder.name, *texts, *contents))
    name = f"misrun-{hashlib.sha256(content.encode()).hexdigest()[:24]}"
    return Rows(name=name, ids=tuple(texts), owners=owners, vectors=lambda: vectors_of(contents, embedder))


def main() -> None:
    """Bring `corpus/vectors.npz` up to date."""
    corpus = load_corpus()
    count = write_vectors(corpus, default_embedder())
    print(f"{count} vectors of {len(corpus.entries)} entries written")  # noqa: T201 - a command's own output


if __name__ == "__main__":
    main()
