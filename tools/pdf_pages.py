"""The pages of a PDF by pypdf (BSD-3-Clause), an extra: pip install misrun[pdf]."""

import io
import time
from typing import NamedTuple

# A damaged file can make every page slow; a thesis of 300 pages takes about ten seconds. A judgement.
_MOST_SECONDS = 60.0


class UnreadablePdf(Exception):
    """No text can be had from the file; the message says why, and what to do where that helps."""


class PdfText(NamedTuple):
    """The text of each page, in order, and the title that the file gives itself ("" for none)."""

    title: str
    pages: tuple[str, ...]


def pdf_text(data: bytes, most: int) -> PdfText:
    """At most `most` characters. Raises UnreadablePdf; scanned pages have no text."""
    try:
        from pypdf import PdfReader
    except ImportError as error:
        raise UnreadablePdf("reading PDF needs pypdf: pip install misrun[pdf]") from error
    until, size, pages = time.monotonic() + _MOST_SECONDS, 0, []
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadablePdf("it is locked with a password")
        for page in reader.pages:
            pages.append((page.extract_text() or "")[: most - size])
            size += len(pages[-1])
            if size >= most or time.monotonic() > until:
                break
        title = str((reader.metadata.title if reader.metadata else "") or "")
    except UnreadablePdf:
        raise
    except Exception as error:  # damaged files bring pypdf to errors of every kind, RecursionError among them
        raise UnreadablePdf(f"damaged PDF ({type(error).__name__})") from error
    if not any(page.strip() for page in pages):
        raise UnreadablePdf("no text in it: scanned pages have to be recognised first")
    return PdfText(title, tuple(pages))
