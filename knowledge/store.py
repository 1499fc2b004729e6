"""The Chroma collection behind the index: embedded in the cache folder, on a server, or in memory.

An embedded collection lives in a folder of its own, named after what it holds. It is built in a new folder beside it,
closed, sealed with the digests of its files, and renamed into place: a reader sees a whole index or none, and when two
processes build at once the second one takes the first one's. What is damaged is set aside and built again, with a note.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings

    from misrun.knowledge.embedder import Vectors

# The smallest thresholds Chroma takes: all rows are in the vector files when the build ends. With its defaults (1000) a
# small collection stays in the write-ahead log and every later reader writes the vector files anew, so that they could
# not be sealed.
_COLLECTION: Any = {"hnsw": {"space": "cosine", "batch_size": 2, "sync_threshold": 2}}
_SEAL = "sealed.json"
_DATABASE = "chroma.sqlite3"
# Chroma's own limit for one call is 5461 records (client.get_max_batch_size() of chromadb 1.5).
_BATCH = 5000
# Three rounds: find it damaged and rebuild it, lose the race to another process that rebuilds, and read its result.
_ATTEMPTS = 3
# A folder nobody touched for a month belongs to an older corpus or to a build that died.
_STALE_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class Rows:
    """What goes into a collection. `name` changes with the content. `owners` are the entry ids the passages belong to.
    `vectors` computes the array (len(ids), dimensions), which only a build needs."""

    name: str
    ids: tuple[str, ...]
    owners: tuple[str, ...]
    vectors: "Callable[[], Vectors]"


@dataclass(frozen=True)
class OpenStore:
    """A collection ready for queries, where it is kept, and what had to be done to get it."""

    client: "Client"
    collection: "Collection"
    place: str
    notes: tuple[str, ...] = ()


class _Damaged(Exception):
    """The folder is there and does not hold a whole index."""


def open_store(rows: Rows, home: Path, server: str | None = None) -> OpenStore:
    """The collection of `rows`: on the server when a URL is given, else under `home`, else in memory.

    What cannot be reached or written is replaced by the next place, and a note says so. Raises OSError when Chroma does
    not work here at all.
    """
    notes: list[str] = []
    if server:
        try:
            return OpenStore(*_on_server(rows, server), _without_password(server))
        except (ValueError, OSError, _chroma_error()) as error:
            notes.append(f"Chroma server {_without_password(server)} cannot be used ({_brief(error)}); index is local")
    try:
        return _embedded(rows, home / "index" / rows.name, notes)
    except OSError as error:
        notes.append(f"cache folder {home} cannot be written ({_brief(error)}); the index is in memory for this run")
    return OpenStore(*_in_memory(rows), "memory", tuple(notes))


# --- embedded ---------------------------------------------------------------------------------------------------------


def _embedded(rows: Rows, folder: Path, notes: list[str]) -> OpenStore:
    for _ in range(_ATTEMPTS):
        if not folder.exists():
            _build(rows, folder)
        try:
            return OpenStore(*_open(rows, folder), str(folder), tuple(notes))
        except _Damaged as error:
            notes.append(f"the knowledge index was damaged ({error}) and is built again")
            _set_aside(folder)
    raise OSError(f"{folder} was damaged {_ATTEMPTS} times in a row")


def _build(rows: Rows, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    scratch = folder.with_name(f".building-{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        with closing(_persistent(scratch)) as client:
            _filled(client, rows)
        _seal(scratch, rows)
        _move(scratch, folder)
    except _chroma_error() as error:
        # Chroma reports a full disk or a refused write as its own error: for the caller it is a place not to use.
        raise OSError(str(error)) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _move(scratch: Path, folder: Path) -> None:
    try:
        scratch.rename(folder)
    except OSError:
        # Another process was faster: its index holds the same, since the name is made of the content.
        if not folder.exists():
            raise


def _open(rows: Rows, folder: Path) -> "tuple[Client, Collection]":
    """The collection in `folder`, after what can be checked cheaply was checked.
    Chroma itself crashes or silently returns nonsense on some damaged files, so the digests come first."""
    _check_files(rows, folder)
    with ExitStack() as on_failure:
        try:
            client = _persistent(folder)
            on_failure.callback(client.close)
            collection = client.get_collection(rows.name, embedding_function=None)
            _check_answers(rows, collection)
        except _chroma_error() as error:
            # Chroma opens its database for writing even to read it.
            if not os.access(folder / _DATABASE, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                raise OSError(f"{folder} is read-only") from error
            raise _Damaged(_brief(error)) from error
        on_failure.pop_all()
    return client, collection


def _seal(folder: Path, rows: Rows) -> None:
    seal = {"rows": len(rows.ids), "files": _digests(folder)}
    (folder / _SEAL).write_text(json.dumps(seal), encoding="utf-8")


def _check_files(rows: Rows, folder: Path) -> None:
    try:
        seal = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        whole = seal["rows"] == len(rows.ids) and seal["files"] == _digests(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _Damaged(f"unreadable seal: {_brief(error)}") from error
    if not whole:
        raise _Damaged("its files are not those that were written")
    try:
        # Chroma touches its database whenever it opens it, so SQLite's own check stands in for a digest.
        uri = f"{(folder / _DATABASE).resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise _Damaged(_brief(error)) from error
    if answer != "ok":
        raise _Damaged(str(answer))


def _check_answers(rows: Rows, collection: "Collection") -> None:
    """A whole collection has every row and finds a row by its own vector."""
    import numpy as np

    if collection.count() != len(rows.ids):
        raise _Damaged(f"{collection.count()} of {len(rows.ids)} passages")
    stored = collection.get(ids=[rows.ids[-1]], include=["embeddings"])["embeddings"]
    if stored is None or len(stored) != 1:
        raise _Damaged("a passage has no vector")
    found = collection.query(
        query_embeddings=np.asarray(stored[:1], dtype=np.float32), n_results=1, include=["distances"]
    )
    # Cosine distance of a vector to itself: 0 but for rounding in single precision.
    if not found["distances"] or not found["distances"][0] or found["distances"][0][0] > 1e-3:
        raise _Damaged("a passage is not found by its own vector")


def _digests(folder: Path) -> dict[str, str]:
    mutable = {_SEAL, _DATABASE, f"{_DATABASE}-journal", f"{_DATABASE}-wal", f"{_DATABASE}-shm"}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in mutable)
    return {str(f.relative_to(folder).as_posix()): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def _set_aside(folder: Path) -> None:
    """Move a damaged folder out of the way. Renaming is atomic where deleting is not; a second process that finds the
    folder gone just goes on."""
    aside = folder.with_name(f".damaged-{uuid.uuid4().hex[:8]}")
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return
    shutil.rmtree(aside, ignore_errors=True)


def _sweep(parent: Path) -> None:
    limit = time.time() - _STALE_SECONDS
    for folder in parent.iterdir():
        try:
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)
        except FileNotFoundError:
            continue  # another process swept it


# --- Chroma -----------------------------------------------------------------------------------------------------------


def _chroma() -> ModuleType:
    """The chromadb package. It reads `.env` of the current folder when it is imported, whatever that file holds; where
    it stumbles over it, the search must still go on."""
    try:
        import chromadb
    except ValueError as error:
        raise OSError(f"chromadb cannot be loaded, see .env in the current folder: {_brief(error)}") from error
    return chromadb


def _persistent(folder: Path) -> "Client":
    return cast("Client", _chroma().PersistentClient(path=str(folder), settings=_settings()))


def _on_server(rows: Rows, url: str) -> "tuple[Client, Collection]":
    parts = urlsplit(url if "//" in url else f"//{url}")
    secure = parts.scheme == "https"
    # 8000 is the port `chroma run` listens on.
    port = parts.port or (443 if secure else 8000)
    client = _chroma().HttpClient(host=parts.hostname or "localhost", port=port, ssl=secure, settings=_settings())
    return _filled(client, rows)


def _in_memory(rows: Rows) -> "tuple[Client, Collection]":
    try:
        client = _chroma().EphemeralClient(settings=_settings())
    except ValueError as error:  # the program around us already has one with other settings
        raise OSError(_brief(error)) from error
    return _filled(client, rows)


def _filled(client: Any, rows: Rows) -> "tuple[Client, Collection]":
    """The collection of that name with every row in it. It may be there already: on a server, and in memory, where all
    clients of a process share one database. Upserting means that two who fill it at once do each other no harm."""
    collection = client.get_or_create_collection(rows.name, embedding_function=None, configuration=_COLLECTION)
    if collection.count() == len(rows.ids):
        return client, collection
    vectors = rows.vectors()
    for start in range(0, len(rows.ids), _BATCH):
        part = slice(start, start + _BATCH)
        owners = [{"entry": owner} for owner in rows.owners[part]]
        collection.upsert(ids=list(rows.ids[part]), embeddings=vectors[part], metadatas=list(owners))
    return client, collection


def _settings() -> "Settings":
    """No telemetry, and no `.env` from the current folder: that may be the run's, and what is read there is data."""
    from chromadb.config import Settings

    return Settings(_env_file=None, anonymized_telemetry=False)


def _chroma_error() -> type[Exception]:
    _chroma()
    from chromadb.errors import ChromaError

    return ChromaError


def _brief(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:160] or type(error).__name__


def _without_password(url: str) -> str:
    return url.rsplit("@", 1)[-1]
