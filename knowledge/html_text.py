"""The readable text of HTML (and of tagged XML such as JATS). Nothing in it is run or fetched."""

import re
from html.parser import HTMLParser

from misrun.tools.visible_text import visible

# What a page holds beside its text. Form fields are left out because a saved page may hold what was typed into them.
_SILENT = frozenset({"script", "style", "template", "noscript", "nav", "svg", "textarea", "select", "iframe", "object"})
_BLOCKS = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "table", "tr", "pre", "blockquote", "section", "article", "dt", "dd"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "footer"}
)
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
_EMPTY_LINES = re.compile(r"\s*\n\s*\n\s*")


def plain(text: str) -> str:
    """Text without characters that act on a display, with single spaces and at most one empty line in a row."""
    lines = _SPACES.sub(" ", visible(text.replace("\r\n", "\n")))
    return _EMPTY_LINES.sub("\n\n", lines).strip()


def excerpt(text: str, most: int) -> str:
    """The beginning of a text on one line, at most `most` characters, cut between words."""
    line = " ".join(plain(text).split())
    return line if len(line) <= most else f"{line[: most - 2].rsplit(' ', 1)[0]} …"


def text_of(html: str) -> tuple[str, str]:
    """Title (empty when there is none) and text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return " ".join(plain("".join(reader.title)).split()), plain("".join(reader.parts))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.parts: list[str] = []
        self._silent = 0
        self._in_title = False

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self._silent += tag in _SILENT
        self._in_title = tag == "title" and not self.title
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, _attrs: object) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        self._in_title = False
        if tag in _BLOCKS:
            self.parts.append("\n\n" if tag == "p" or tag.startswith("h") else "\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
        elif not self._silent:
            self.parts.append(data)
