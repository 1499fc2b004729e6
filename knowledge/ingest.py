"""Bringing the user's documents into their collection and keeping it as the files are.

What a file holds is told by its digest: an unchanged one is not read again, so that an ingestion that was killed goes
on where it stopped when it is asked for again. What cannot be read is a row with the reason and never the end.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from misrun.knowledge.documents.document import MOST_BYTES, Document, Unreadable
from misrun.knowledge.documents.registry import READERS, read_document
from misrun.knowledge.embedder import Embedder
from misrun.knowledge.own_documents import OwnDocuments, OwnFile, SourceKind
from misrun.tools.record import Record
from misrun.tools.redact.redactor import Redactor

# A judgement: more files than the wiki of a large company; a home folder named by mistake has more.
MOST_FILES = 100_000

Tell = Callable[[str, str], None]


class Remote(Protocol):
    """Fetches what was named by address; documents/remote.py."""

    def paper(self, identifier: str) -> Document: ...

    def page(self, url: str) -> tuple[bytes, str]: ...


class Tally(Record):
    """What an ingestion did, in files."""

    added: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    passages: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in Tally.model_fields})


class Ingestion:
    """One run over some sources. `tell` hears of each file and what became of it."""

    def __init__(self, own: OwnDocuments, embedder: Embedder | None, tell: Tell = lambda *_: None) -> None:
        self._own = own
        self._embedder = embedder
        self._tell = tell

    def add_path(self, path: Path) -> Tally:
        """A file, or all files of a folder that there is a reader for."""
        path = path.resolve()
        self._own.note_source(str(path), "folder" if path.is_dir() else "file")
        return self._local(path)

    def add_url(self, url: str, remote: Remote) -> Tally:
        self._own.note_source(url, "url")
        return self._page(url, remote)

    def add_paper(self, identifier: str, remote: Remote) -> Tally:
        self._own.note_source(identifier, "arxiv")
        return self._paper(identifier, remote)

    def update(self, remote: Remote | None = None) -> Tally:
        """All sources again; those on the web only with `remote`."""
        return sum((self._again(place, kind, remote) for place, kind in self._own.sources()), Tally())

    def _again(self, place: str, kind: SourceKind, remote: Remote | None) -> Tally:
        if kind in ("folder", "file"):
            return self._local(Path(place))
        if remote is None:
            self._tell(place, "not asked again (only with --online)")
            return Tally(unchanged=1)
        return self._page(place, remote) if kind == "url" else self._paper(place, remote)

    def _local(self, root: Path) -> Tally:
        known = {file.path: file for file in self._own.files()}
        mine = {path for path, file in known.items() if file.source == str(root)}
        if not root.exists() and not root.parent.exists():
            # A disk that is not mounted is no reason to forget what was on it.
            self._tell(str(root), "is not there now; what was read from it is kept")
            return Tally(unchanged=len(mine))
        tally, seen = Tally(), set()
        for path in files_of(root):
            seen.add(str(path))
            tally += self._file(path, root, known.get(str(path)))
        for gone in sorted(mine - seen):
            self._own.remove(gone)
            self._tell(gone, "removed: the file is gone")
            tally += Tally(removed=1)
        return tally

    def _file(self, path: Path, root: Path, known: OwnFile | None) -> Tally:
        try:
            data = _bytes(path)
        except Unreadable as error:
            return self._failed(str(path), str(root), "", str(error))
        return self._take(str(path), str(root), data, path.suffix, known)

    def _page(self, url: str, remote: Remote) -> Tally:
        known = next(iter(self._own.files(url)), None)
        try:
            data, suffix = remote.page(url)
        except Unreadable as error:
            return self._unreached(url, known, str(error))
        return self._take(url, url, data, suffix, known)

    def _paper(self, identifier: str, remote: Remote) -> Tally:
        known = next(iter(self._own.files(identifier)), None)
        try:
            paper = remote.paper(identifier)
        except Unreadable as error:
            return self._unreached(identifier, known, str(error))
        digest = _digest(f"{paper.title}\n{paper.text}".encode())
        return self._put(identifier, identifier, digest, lambda: (paper,), known)

    def _take(self, path: str, source: str, data: bytes, suffix: str, known: OwnFile | None) -> Tally:
        return self._put(path, source, _digest(data), lambda: read_document(data, Path(path).name, suffix), known)

    def _put(
        self, path: str, source: str, digest: str, read: Callable[[], tuple[Document, ...]], known: OwnFile | None
    ) -> Tally:
        # What could not be read is tried again: a missing library may be there now.
        if known and known.digest == digest and not known.reason:
            return Tally(unchanged=1)
        try:
            count = self._own.put(path, source, digest, Redactor().item(read()), self._embedder)
        except Unreadable as error:
            return self._failed(path, source, digest, str(error))
        self._tell(path, f"{count} passages")
        return Tally(added=1, passages=count)

    def _unreached(self, place: str, known: OwnFile | None, reason: str) -> Tally:
        """A page that cannot be reached today has not changed for that."""
        if known and not known.reason:
            self._tell(place, f"kept as it was: {reason}")
            return Tally(unchanged=1)
        return self._failed(place, place, "", reason)

    def _failed(self, path: str, source: str, digest: str, reason: str) -> Tally:
        self._own.put_unreadable(path, source, digest, reason)
        self._tell(path, f"not read: {reason}")
        return Tally(failed=1)


def files_of(root: Path) -> Iterator[Path]:
    """The file itself, or the files of a folder that have a reader, in order. Hidden ones, links and what is no plain
    file are left out: a link may lead out of the folder that was named."""
    if root.is_file():
        yield root
        return
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if name.startswith(".") or path.suffix.lower() not in READERS or path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > MOST_FILES:
                return
            yield path


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(f"larger than {MOST_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def changed_files(own: OwnDocuments) -> list[str]:
    """Files on disk that are no longer what was read from them, one line each; pages are not asked."""
    local = {place for place, kind in own.sources() if kind in ("folder", "file")}
    return [line for file in own.files() if file.source in local and (line := _changed(file))]


def _changed(file: OwnFile) -> str:
    try:
        same = _digest(_bytes(Path(file.path))) == file.digest
    except Unreadable as error:
        return "" if file.reason == str(error) else f"{file.path}: {error}"
    return "" if same else f"{file.path}: changed since it was read"
