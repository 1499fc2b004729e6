"""Which reader a file gets, by the end of its name; a page from the web, by its content type."""

from collections.abc import Callable

from misrun.knowledge.documents.document import MOST_BYTES, Document, Unreadable
from misrun.knowledge.documents.issues import read_issues
from misrun.knowledge.documents.markup import read_html, read_markdown
from misrun.knowledge.documents.pdf import read_pdf

Reader = Callable[[bytes, str], tuple[Document, ...]]

READERS: dict[str, Reader] = {
    ".pdf": read_pdf,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".rst": read_markdown,
    ".txt": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".json": read_issues,
    ".jsonl": read_issues,
}
BY_CONTENT_TYPE = {
    "application/pdf": ".pdf",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "application/json": ".json",
}


def read_document(data: bytes, name: str, suffix: str) -> tuple[Document, ...]:
    """The documents in a file; Unreadable with the reason when there are none."""
    if len(data) > MOST_BYTES:
        raise Unreadable(f"larger than {MOST_BYTES >> 20} MiB")
    reader = READERS.get(suffix.lower())
    if reader is None:
        raise Unreadable(f"no reader for {suffix or 'a file without a suffix'}; there are {', '.join(READERS)}")
    return reader(data, name)
