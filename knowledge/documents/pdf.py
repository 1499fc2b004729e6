"""The text of a PDF by pypdf (BSD-3-Clause), an extra: pip install misrun[pdf]."""

import io
import time
from typing import Any

from misrun.knowledge.documents.document import MOST_CHARACTERS, Document, Unreadable
from misrun.knowledge.html_text import plain

# A damaged file can make every page slow; a thesis of 300 pages takes about ten seconds. A judgement.
_MOST_SECONDS = 60.0
_MISSING = "reading PDF needs pypdf: pip install misrun[pdf]"


def read_pdf(data: bytes, name: str) -> tuple[Document, ...]:
    """The text of all pages, in order. Scanned pages have none."""
    try:
        from pypdf import PdfReader
    except ImportError as error:
        raise Unreadable(_MISSING) from error
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("it is locked with a password")
        text, title = _pages(reader), (reader.metadata.title if reader.metadata else "") or ""
    except Unreadable:
        raise
    except Exception as error:  # damaged files bring pypdf to errors of every kind, RecursionError among them
        raise Unreadable(f"damaged PDF ({type(error).__name__})") from error
    if not text:
        raise Unreadable("no text in it: scanned pages have to be recognised first")
    return (Document(title=plain(str(title)) or text.split("\n", 1)[0][:200] or name, text=text),)


def _pages(reader: Any) -> str:
    until = time.monotonic() + _MOST_SECONDS
    parts: list[str] = []
    size = 0
    for page in reader.pages:
        parts.append(page.extract_text() or "")
        size += len(parts[-1])
        if size > MOST_CHARACTERS or time.monotonic() > until:
            break
    return plain("\n\n".join(parts))[:MOST_CHARACTERS]
