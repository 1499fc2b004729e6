"""Markdown, plain text and saved HTML pages."""

import re

from misrun.knowledge.documents.document import MOST_CHARACTERS, Document, Unreadable
from misrun.knowledge.html_text import plain, text_of

_HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*?)[ \t#]*$", re.MULTILINE)
# YAML between two lines of dashes at the top of a page: settings of the site, not text.
_FRONT = re.compile(r"\A---\n.{0,10000}?\n---\n", re.DOTALL)
# [word](address) and ![picture](address) say what stands in the brackets.
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\([^()\n]{0,2000}\)")


def read_markdown(data: bytes, name: str) -> tuple[Document, ...]:
    """One document, called after its first heading."""
    text = _FRONT.sub("", decoded(data))
    heading = _HEADING.search(text)
    return (_document(heading[1] if heading else "", _LINK.sub(r"\1", text), name),)


def read_html(data: bytes, name: str) -> tuple[Document, ...]:
    """The visible text of a page."""
    title, text = text_of(decoded(data))
    return (_document(title, text, name),)


def decoded(data: bytes) -> str:
    """Text in UTF-8, or UTF-16 with its mark; NUL bytes are a sign of something else."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", errors="replace")
    if "\0" in text[:4096]:
        raise Unreadable("it is no text")
    return text.replace("\r\n", "\n")[: 4 * MOST_CHARACTERS]


def _document(title: str, text: str, name: str) -> Document:
    body = plain(text)[:MOST_CHARACTERS]
    if not body:
        raise Unreadable("no text in it")
    return Document(title=plain(title)[:300] or name, text=body)
