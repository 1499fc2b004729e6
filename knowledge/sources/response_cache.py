"""Answers of live sources, kept on disk under a digest of the request: its address and sorted parameters, no keys."""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

# A day: arXiv's index changes once a day and its manual asks to cache (info.arxiv.org/help/api/user-manual); for the
# others a judgement, a failed run is looked into within hours.
FRESH_SECONDS = 86_400.0


class Kept(NamedTuple):
    """A body and its age in seconds."""

    body: bytes
    age: float


class ResponseCache:
    """One file per request. A file that cannot be read is no answer; one that cannot be written is let go."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now

    def get(self, url: str, params: Mapping[str, str]) -> Kept | None:
        """The answer to this request, unless it is older than FRESH_SECONDS."""
        try:
            kept = json.loads(self._file(url, params).read_text(encoding="utf-8"))
            age = self._now() - float(kept["fetched_at"])
            body = str(kept["body"]).encode()
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Kept(body, age) if 0 <= age < FRESH_SECONDS else None

    def put(self, url: str, params: Mapping[str, str], body: bytes) -> None:
        """Keep an answer, whole or not at all, and let go of old ones."""
        file = self._file(url, params)
        scratch = file.with_name(f".{os.getpid()}-{uuid.uuid4().hex[:8]}")
        row = {"url": url, "params": dict(params), "fetched_at": self._now(), "body": body.decode("utf-8", "replace")}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            scratch.write_text(json.dumps(row), encoding="utf-8")
            scratch.replace(file)
        except OSError:
            return

    def _file(self, url: str, params: Mapping[str, str]) -> Path:
        request = json.dumps([url, sorted((name, " ".join(value.split())) for name, value in params.items())])
        return self._folder / f"{hashlib.sha256(request.encode()).hexdigest()[:32]}.json"

    def _sweep(self) -> None:
        for file in self._folder.iterdir():
            try:
                if self._now() - file.stat().st_mtime > FRESH_SECONDS:
                    file.unlink()
            except OSError:
                continue  # another process swept it
