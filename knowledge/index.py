"""The knowledge index: the corpus, searchable by meaning (Chroma) and by words (BM25).

`python -m misrun.knowledge.index` embeds what changed in the corpus and writes `corpus/vectors.npz` anew.
"""

import hashlib
import os
from collections.abc import Collection as AnyOf
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from misrun.knowledge.corpus import Corpus, load_corpus, passages, wording
from misrun.knowledge.embedder import Embedder, EmbedderMissing, default_embedder
from misrun.knowledge.entry import KnowledgeEntry
from misrun.knowledge.lexical import LexicalIndex
from misrun.knowledge.ontology import load_ontology
from misrun.knowledge.ranking import Modes, fused, with_mode
from misrun.knowledge.store import OpenStore, Rows, open_store
from misrun.knowledge.vectors import vectors_of, write_vectors
from misrun.tools.home import misrun_home
from misrun.tools.record import Record

if TYPE_CHECKING:
    from misrun.knowledge.embedder import Vectors
    from misrun.knowledge.ranking import Flags

# Passages taken from Chroma at least, and for every entry that is asked for: an entry has four, and what is not among
# them counts as near as the last of them.
_PASSAGES = 200
_DEPTH = 6
# Up to this many entries a selection is handed to Chroma; a larger one is made of what Chroma found.
_SELECTION = 1_000
# Share of the further wordings in the score of a search that has some. On the development half of the queries (levels 2
# to 4, n=58) nDCG@10 was 0.838 without them and 0.839, 0.843, 0.842 for shares of 0.15, 0.3, 0.45.
_ALSO_SHARE = 0.3


class Hit(Record):
    """One entry found. `score` (0..1) weighs `dense` (cosine, negative ones as 0), `lexical` and the failure mode that
    the best entries agree on."""

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
        self._ontology = load_ontology()
        self._lexical = LexicalIndex({entry.id: self._words(entry) for entry in corpus.entries})
        self._places = {key: place for place, key in enumerate(self._lexical.keys)}
        self._modes = Modes([entry.modes for entry in corpus.entries])
        self._vectors: dict[str, Vectors] = {}

    def search(
        self, text: str, limit: int = 10, among: AnyOf[str] | None = None, *, also: Sequence[str] = ()
    ) -> list[Hit]:
        """The entries nearest to `text`, best first, at most `limit`; with `among` only entries with those ids.
        `also` holds further wordings of the question: the best of them adds to the score. Entries that share no word
        and have no similarity are left out; an empty text finds nothing."""
        import numpy as np

        if not text.strip() or limit < 1 or (among is not None and not among):
            return []
        wanted = self._flags(among)
        score, dense, lexical = self._scores(text, limit, among)
        score = with_mode(score, self._modes, wanted)
        if others := [self._scores(other, limit, among)[0] for other in also if other.strip()]:
            score = (1 - _ALSO_SHARE) * score + _ALSO_SHARE * np.max(others, axis=0)
        found = np.flatnonzero(wanted & (score > 0))
        best = found[np.lexsort((found, -score[found]))[:limit]]
        columns = (np.round(part[best].astype(float), 4).tolist() for part in (score, dense, lexical))
        rows = zip(best.tolist(), *columns, strict=True)
        return [Hit(id=self._lexical.keys[i], score=s, dense=d, lexical=x) for i, s, d, x in rows]

    def nearest(self, text: str, limit: int = 10, among: AnyOf[str] | None = None) -> list[Hit]:
        """The entries nearest to `text` in meaning alone: what the words and the failure mode add is left out."""
        hits = self.search(text, len(self._places), among)
        return sorted(hits, key=lambda hit: (-hit.dense, hit.id))[:limit]

    def fit(self, text: str, others: Sequence[str]) -> list[float]:
        """Cosine of the text with each of the others; zeros where there is no embedder."""
        if self._embedder is None or not text.strip():
            return [0.0] * len(others)
        new = [other for other in others if other not in self._vectors]
        if new:
            self._vectors.update(zip(new, vectors_of(new, self._embedder), strict=True))
        vector = self._embedder.embed([text])[0]
        return [float(vector @ self._vectors[other]) for other in others]

    def close(self) -> None:
        """Let go of the files of the index."""
        if self._store:
            self._store.client.close()

    def _words(self, entry: KnowledgeEntry) -> str:
        """What an entry says, and what else its terms are called."""
        named = (*entry.techniques, *entry.phenomena, *entry.frameworks, *entry.model_types)
        return " ".join((wording(entry), *self._ontology.synonyms_of(named)))

    def _flags(self, among: AnyOf[str] | None) -> "Flags":
        import numpy as np

        wanted = np.full(len(self._places), among is None)
        wanted[[self._places[key] for key in among or () if key in self._places]] = True
        return wanted

    def _scores(self, text: str, limit: int, among: AnyOf[str] | None) -> "tuple[Vectors, Vectors, Vectors]":
        """Score without the failure mode, similarity in meaning and shared words of every entry."""
        import numpy as np

        lexical = self._lexical.scores(text, self._ontology.said_otherwise(text))
        if self._embedder is None or self._store is None:
            return lexical, np.zeros_like(lexical), lexical
        dense = self._dense(text, max(_PASSAGES, limit * _DEPTH), among)
        return fused(dense, lexical), dense, lexical

    def _dense(self, text: str, count: int, among: AnyOf[str] | None) -> "Vectors":
        """Cosine of the best passage of each entry."""
        import numpy as np

        assert self._embedder is not None
        assert self._store is not None
        where: Any = {"entry": {"$in": sorted(among)}} if among and len(among) <= _SELECTION else None
        found = self._store.collection.query(
            query_embeddings=self._embedder.embed([text]),
            n_results=min(count, self._store.collection.count()),
            where=where,
            include=["metadatas", "distances"],
        )
        owners = [self._places[str(metadata["entry"])] for metadata in (found["metadatas"] or [[]])[0]]
        near = np.maximum(0.0, 1 - np.asarray((found["distances"] or [[]])[0], dtype=np.float32))
        # Where passages were left over, each of them is at most as near as the last one found.
        best = np.full(len(self._places), near[-1] if len(near) == count else 0.0, dtype=np.float32)
        np.maximum.at(best, owners, near)
        return best


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
    """Bring `corpus/vectors.npz` up to date: the passages, and the phenomena that level 4 compares a text with."""
    corpus = load_corpus()
    texts = [text for entry in corpus.entries for text in passages(entry)]
    count = write_vectors([*texts, *load_ontology().phenomena_described], default_embedder())
    print(f"{count} vectors of {len(corpus.entries)} entries written")  # noqa: T201 - a command's own output


if __name__ == "__main__":
    main()
