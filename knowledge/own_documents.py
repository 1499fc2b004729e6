"""The user's own documents: a collection of its own in one SQLite file beside the index of the shipped corpus.

Each file is put in, replaced or taken out in one transaction, so that a killed ingestion leaves whole files only and
all that was searchable before stays so. Passages are found by meaning (cosine of vectors) and by words (SQLite's FTS5).
"""

import math
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from misrun.knowledge.documents.document import Document
from misrun.knowledge.html_text import excerpt
from misrun.knowledge.lexical import STOP_WORDS
from misrun.knowledge.ranking import LEXICAL_WEIGHT
from misrun.tools.record import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from misrun.knowledge.embedder import Embedder, Vectors

SourceKind = Literal["folder", "file", "url", "arxiv"]

# The embedder reads 256 word pieces, about 1,200 letters (embedder.py); the rest of a longer passage would be unseen.
_PASSAGE = 1_000
# A query of more words is a pasted log: what it is about stands in the first ones.
_MOST_WORDS = 32
_BLOCK = 10_000  # vectors compared at once: 15 MB
_EXCERPT = 300
_VERSION = 1
_SCHEMA = """
create table if not exists sources (place text primary key, kind text not null, added real not null);
create table if not exists files (path text primary key, source text not null, digest text not null,
                                  reason text not null, passages integer not null, read real not null);
create table if not exists passages (id integer primary key, path text not null, document integer not null,
                                     title text not null, url text not null, text text not null, vector blob);
create index if not exists passages_by_path on passages (path);
create virtual table if not exists words using fts5 (title, text, tokenize = "porter unicode61");
create table if not exists embedder (name text primary key);
"""


class OwnFile(Record):
    """One file (or page) of a source. `reason` says why nothing could be read from it, empty when it was read."""

    path: str
    source: str
    digest: str
    reason: str
    passages: int


class OwnHit(Record):
    """One document found, by its best passage. `id` begins with "own-", which no shipped entry does."""

    id: str
    title: str
    url: str
    score: float
    excerpt: str


class OwnDamaged(Exception):
    """The collection cannot be read; the message says what to do."""


class OwnDocuments:
    """The collection in `folder`; made on first use. Close it, or use it as a context."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "own_documents.sqlite"
        folder.mkdir(parents=True, exist_ok=True)
        self._base = _opened(self.file)

    def __enter__(self) -> "OwnDocuments":
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    # What is in it

    def sources(self) -> list[tuple[str, SourceKind]]:
        return [(place, kind) for place, kind in self._base.execute("select place, kind from sources order by added")]

    def files(self, source: str | None = None) -> list[OwnFile]:
        """The files of one source, or all."""
        rows = self._base.execute(
            "select path, source, digest, reason, passages from files where ?1 is null or source = ?1 order by path",
            (source,),
        )
        names = tuple(OwnFile.model_fields)
        return [OwnFile(**dict(zip(names, row, strict=True))) for row in rows]

    def problems(self) -> list[str]:
        """What is wrong with the collection itself; nothing when all is well."""
        found = [f"SQLite: {row[0]}" for row in self._base.execute("pragma integrity_check(5)") if row[0] != "ok"]
        (unlike,) = self._base.execute(
            "select (select count(*) from passages) - (select count(*) from words)"
        ).fetchone()
        (lost,) = self._base.execute(
            "select count(*) from passages where path not in (select path from files)"
        ).fetchone()
        found += [f"{abs(unlike)} passages cannot be found by their words"] * bool(unlike)
        return found + [f"{lost} passages belong to no file"] * bool(lost)

    # Changing it

    def note_source(self, place: str, kind: SourceKind) -> None:
        with self._base:
            self._base.execute("insert or ignore into sources values (?, ?, ?)", (place, kind, time.time()))

    def put(
        self, path: str, source: str, digest: str, documents: Sequence[Document], embedder: "Embedder | None"
    ) -> int:
        """Put a file in, in place of what was there of it; returns the number of its passages."""
        rows = [(n, d.title, d.url, text) for n, d in enumerate(documents) for text in split(d.text)]
        vectors = _packed([f"{title}. {text}" for _, title, _, text in rows], embedder)
        with self._base:
            self._take_out(path)
            for (number, title, url, text), vector in zip(rows, vectors, strict=True):
                values = (path, number, title, url, text, vector)
                added = self._base.execute("insert into passages values (null, ?, ?, ?, ?, ?, ?)", values)
                self._base.execute(
                    "insert into words (rowid, title, text) values (?, ?, ?)", (added.lastrowid, title, text)
                )
            self._note(path, source, digest, "", len(rows))
            if embedder:
                self._base.execute("insert or ignore into embedder values (?)", (embedder.name,))
        return len(rows)

    def put_unreadable(self, path: str, source: str, digest: str, reason: str) -> None:
        """Remember that nothing could be read from a file. What was read from it before is no longer what it says."""
        with self._base:
            self._take_out(path)
            self._note(path, source, digest, reason, 0)

    def remove(self, path: str) -> None:
        """Take a file out."""
        with self._base:
            self._take_out(path)
            self._base.execute("delete from files where path = ?", (path,))

    def _take_out(self, path: str) -> None:
        self._base.execute("delete from words where rowid in (select id from passages where path = ?)", (path,))
        self._base.execute("delete from passages where path = ?", (path,))

    def _note(self, path: str, source: str, digest: str, reason: str, passages: int) -> None:
        row = (path, source, digest, reason, passages, time.time())
        self._base.execute("insert or replace into files values (?, ?, ?, ?, ?, ?)", row)

    # Searching it

    def search(self, text: str, limit: int, embedder: "Embedder | None") -> list[OwnHit]:
        """The documents nearest to `text`, best first. Scores (0..1) are made as those of the shipped corpus are: a
        weighted mean of cosine and words, so that both can stand in one list."""
        # One view of the collection for all that follows, whatever another process puts in meanwhile.
        self._base.execute("begin")
        try:
            return self._search(text, limit, embedder)
        finally:
            self._base.rollback()

    def _search(self, text: str, limit: int, embedder: "Embedder | None") -> list[OwnHit]:
        ids, dense, meant = self._cosines(text, embedder)
        weight = LEXICAL_WEIGHT if meant else 1.0
        scores = (1 - weight) * dense + weight * self._shares(text, ids)
        best: dict[tuple[str, int], OwnHit] = {}
        for at in (-scores).argsort(kind="stable").tolist():
            if scores[at] <= 0 or len(best) == limit:
                break
            place, hit = self._hit(int(ids[at]), float(scores[at]))
            best.setdefault(place, hit)
        return list(best.values())

    def _hit(self, key: int, score: float) -> tuple[tuple[str, int], OwnHit]:
        row = self._base.execute(
            "select path, document, title, url, text from passages where id = ?", (key,)
        ).fetchone()
        path, document, title, url, text = row
        name = f"own-{zlib.crc32(path.encode()):08x}-{document}"
        hit = OwnHit(id=name, title=title, url=url or path, score=round(score, 4), excerpt=excerpt(text, _EXCERPT))
        return (path, document), hit

    def _cosines(self, text: str, embedder: "Embedder | None") -> "tuple[NDArray[np.int64], Vectors, bool]":
        """The ids of all passages in order, the cosine of each (negative ones as 0), and whether it was computed: it is
        where all vectors are of this embedder."""
        import numpy as np

        ids = np.array([row[0] for row in self._base.execute("select id from passages order by id")], dtype=np.int64)
        cosines = np.zeros(len(ids), dtype=np.float32)
        if embedder is None or [(embedder.name,)] != self._base.execute("select name from embedder").fetchall():
            return ids, cosines, False
        asked = embedder.embed([text])[0]
        rows = self._base.execute("select id, vector from passages where vector is not null order by id")
        while block := rows.fetchmany(_BLOCK):
            vectors = np.frombuffer(b"".join(vector for _, vector in block), dtype=np.float16)
            at = np.searchsorted(ids, [key for key, _ in block])
            cosines[at] = vectors.reshape(len(block), -1).astype(np.float32) @ asked
        return ids, cosines.clip(0.0), True

    def _shares(self, text: str, ids: "NDArray[np.int64]") -> "Vectors":
        """The share (0..1) of the query's words in each passage, rare words counting more: each by Lucene's inverse
        document frequency, as in lexical.py. A word the collection does not know counts in the divisor like one that
        occurs once: a collection of three notes knows few words, and that says nothing about the query."""
        import numpy as np

        shares = np.zeros(len(ids), dtype=np.float32)
        total = 0.0
        for word in [w for w in dict.fromkeys(_words(text)) if w not in STOP_WORDS][:_MOST_WORDS]:
            found = [
                row[0] for row in self._base.execute("select rowid from words where words match ?", (f'"{word}"',))
            ]
            present = max(1, len(found))
            weight = math.log(1 + (max(len(ids), present) - present + 0.5) / (present + 0.5))
            total += weight
            shares[np.searchsorted(ids, found)] += weight
        return shares / total if total else shares


def split(text: str) -> list[str]:
    """Passages of at most _PASSAGE characters: whole paragraphs where they fit, else cut between words."""
    passages: list[str] = []
    for paragraph in text.split("\n\n"):
        for piece in _pieces(" ".join(paragraph.split())):
            if passages and len(passages[-1]) + len(piece) + 1 <= _PASSAGE:
                passages[-1] += f"\n{piece}"
            elif piece:
                passages.append(piece)
    return passages


def _pieces(line: str) -> Iterator[str]:
    while len(line) > _PASSAGE:
        cut = line.rfind(" ", _PASSAGE // 2, _PASSAGE)
        cut = cut if cut > 0 else _PASSAGE
        yield line[:cut]
        line = line[cut:].lstrip()
    yield line


def _words(text: str) -> list[str]:
    """Runs of letters and digits: what FTS5 takes as words, so that nothing in a query is read as its syntax."""
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def _packed(texts: Sequence[str], embedder: "Embedder | None") -> "list[bytes | None]":
    """Vectors in half precision, which moves a cosine by less than 1e-3 (vectors.py)."""
    if embedder is None or not texts:
        return [None] * len(texts)
    import numpy as np

    vectors: Vectors = embedder.embed(texts)
    return [row.astype(np.float16).tobytes() for row in vectors]


def _opened(file: Path) -> sqlite3.Connection:
    base = sqlite3.connect(file, timeout=30)
    try:
        base.execute("pragma journal_mode = wal")
        (version,) = base.execute("pragma user_version").fetchone()
        if version == 0:
            base.executescript(f"begin immediate; {_SCHEMA} pragma user_version = {_VERSION}; commit;")
        elif version != _VERSION:
            raise OwnDamaged(f"{file} was written by another version of misrun: delete it and add your documents again")
    except sqlite3.DatabaseError as error:
        base.close()
        raise _unusable(file, error) from error
    return base


def _unusable(file: Path, error: sqlite3.DatabaseError) -> "OwnDamaged":
    """What to do: a file in use, on a full disk or without permission (OperationalError) is not damaged."""
    if isinstance(error, sqlite3.OperationalError):
        return OwnDamaged(f"{file} cannot be used now: {error}")
    return OwnDamaged(f"{file} is damaged ({error}): delete it and add your documents again")


def exists(folder: Path) -> bool:
    """Whether anything was ever added there."""
    return (folder / "own_documents.sqlite").is_file()


@contextmanager
def opened(folder: Path) -> Iterator[OwnDocuments]:
    """The collection, closed at the end; errors of SQLite on the way come as OwnDamaged."""
    try:
        with OwnDocuments(folder) as own:
            yield own
    except sqlite3.DatabaseError as error:
        raise _unusable(folder / "own_documents.sqlite", error) from error
