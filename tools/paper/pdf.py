"""A paper as PDF, in blocks with their pages."""

from misrun.tools.paper.document import MOST_CHARACTERS, Block, UnreadablePaper
from misrun.tools.paper.plain_text import blocks_of
from misrun.tools.pdf_pages import UnreadablePdf, pdf_text


def pdf_blocks(data: bytes) -> tuple[str, list[Block]]:
    """The title and the blocks of all pages; UnreadablePaper where there is no text to be had."""
    try:
        pages = pdf_text(data, MOST_CHARACTERS).pages
    except UnreadablePdf as error:
        raise UnreadablePaper(str(error)) from error
    blocks: list[Block] = []
    section = ""
    for number, text in enumerate(pages, start=1):
        blocks += blocks_of(text.splitlines(), number, section)
        section = blocks[-1].section if blocks else ""
    return next((line.strip() for line in pages[0].splitlines() if line.strip()), "")[:200], blocks
