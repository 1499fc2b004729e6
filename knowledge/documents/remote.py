"""The one page or paper somebody named to be added: fetched when asked for, and nothing it links to."""

import re
import time
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import httpx

from misrun.knowledge.documents.document import MOST_BYTES, Document, Unreadable
from misrun.knowledge.documents.registry import BY_CONTENT_TYPE, READERS
from misrun.knowledge.sources.arxiv import Arxiv
from misrun.knowledge.sources.web import SourceUnavailable, Web

# New identifiers and those from before April 2007 (info.arxiv.org/help/arxiv_identifier).
_ARXIV = re.compile(r"(?i)(?:arxiv:)?(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[a-z]{2})?/\d{7}(?:v\d+)?)")
# A paper of 50 MiB over a slow line; judgements both.
_SECONDS = 120.0
_SILENCE = 20.0


def arxiv_id(place: str) -> str:
    """The identifier where `place` is one ("arXiv:2401.00001", "2401.00001v2"), else an empty text."""
    found = _ARXIV.fullmatch(place.strip())
    return found[1] if found else ""


@dataclass(frozen=True)
class Remote:
    """What is fetched for ingestion. `transport` stands in for the network."""

    web: Web
    transport: httpx.BaseTransport | None = None

    def paper(self, identifier: str) -> Document:
        """Title and abstract of an arXiv paper."""
        try:
            paper = Arxiv(self.web).look_up(identifier)
        except SourceUnavailable as error:
            raise Unreadable(f"arXiv is unavailable, {error}") from error
        if paper is None:
            raise Unreadable("arXiv knows no paper of this id")
        return Document(title=paper.title, text=paper.text or paper.title, url=paper.url)

    def page(self, url: str) -> tuple[bytes, str]:
        """The body of a page and the suffix its reader is known by."""
        parts = urlsplit(url)
        if parts.username or parts.password:
            raise Unreadable("the address holds a user name or password; download the page and add the file")
        try:
            with (
                httpx.Client(
                    transport=self.transport, timeout=_SILENCE, follow_redirects=True, max_redirects=5
                ) as client,
                client.stream("GET", url) as response,
            ):
                if response.status_code != 200:
                    raise Unreadable(f"HTTP {response.status_code}")
                kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
                return _bounded(response), _suffix(kind, parts.path)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreadable(f"it could not be fetched ({type(error).__name__})") from error


def _suffix(kind: str, path: str) -> str:
    """By content type; servers of raw files call everything plain text, and there the name of the file tells more."""
    named = PurePosixPath(path).suffix.lower()
    if kind in ("text/plain", "application/octet-stream", "") and named in READERS:
        return named
    if kind not in BY_CONTENT_TYPE:
        raise Unreadable(f"its content type {kind[:60] or 'is missing'} has no reader")
    return BY_CONTENT_TYPE[kind]


def _bounded(response: httpx.Response) -> bytes:
    until = time.monotonic() + _SECONDS
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise Unreadable(f"larger than {MOST_BYTES >> 20} MiB")
        if time.monotonic() > until:
            raise Unreadable("it came too slowly")
        parts.append(part)
    return b"".join(parts)
