"""The pages of a PDF by pypdf (BSD-3-Clause), an extra: pip install misrun[pdf]."""

import io
import time

from misrun.tools.paper.document import MOST_CHARACTERS, Block, UnreadablePaper
from misrun.tools.paper.plain_text import blocks_of

# A damaged file can make every page slow; a paper of 40 pages takes about two seconds. A judgement.
_MOST_SECONDS = 60.0


def pdf_blocks(data: bytes) -> tuple[str, list[Block]]:
    """The title and the blocks of all pages; UnreadablePaper where there is no text to be had."""
    pages = _pages(data)
    if not any(page.strip() for page in pages):
        raise UnreadablePaper("there is no text in it: scanned pages have to be recognised first")
    blocks: list[Block] = []
    section = ""
    for number, text in enumerate(pages, start=1):
        blocks += blocks_of(text.splitlines(), number, section)
        section = blocks[-1].section if blocks else ""
    return next((line.strip() for line in pages[0].splitlines() if line.strip()), "")[:200], blocks


def _pages(data: bytes) -> list[str]:
    try:
        from pypdf import PdfReader
    except ImportError as error:
        raise UnreadablePaper("reading PDF needs pypdf: pip install misrun[pdf]") from error
    until, size, pages = time.monotonic() + _MOST_SECONDS, 0, []
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadablePaper("it is locked with a password")
        for page in reader.pages:
            pages.append((page.extract_text() or "")[: MOST_CHARACTERS - size])
            size += len(pages[-1])
            if size >= MOST_CHARACTERS or time.monotonic() > until:
                break
    except UnreadablePaper:
        raise
    except Exception as error:  # damaged files bring pypdf to errors of every kind, RecursionError among them
        raise UnreadablePaper(f"it is a damaged PDF ({type(error).__name__})") from error
    return pages
