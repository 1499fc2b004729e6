"""A PDF as a document."""

from misrun.knowledge.documents.document import MOST_CHARACTERS, Document, Unreadable
from misrun.knowledge.html_text import plain
from misrun.tools.pdf_pages import UnreadablePdf, pdf_text


def read_pdf(data: bytes, name: str) -> tuple[Document, ...]:
    """The text of all pages, in order. Scanned pages have none."""
    try:
        found = pdf_text(data, MOST_CHARACTERS)
    except UnreadablePdf as error:
        raise Unreadable(str(error)) from error
    text = plain("\n\n".join(found.pages))[:MOST_CHARACTERS]
    return (Document(title=plain(found.title) or text.split("\n", 1)[0][:200] or name, text=text),)
