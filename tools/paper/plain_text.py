"""Markdown and plain text as blocks. Also the pages of a PDF: their text has headings and tables of the same look."""

import re
from collections.abc import Iterator, Sequence

from misrun.tools.paper.document import Block
from misrun.tools.paper.math_text import plain_math

_HEADING = re.compile(r"#{1,6}\s+(\S.{0,200}?)\s*#*$")
# "4.2 Training details", "IV. Agent", "A. Training", "2 FINE-TUNING": short, capital first, without a full stop.
_NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,5}|[A-H])\.?\s+[A-Z][^.:;=|]{2,70}$")
_BARE = re.compile(
    r"(?:Abstract|Introduction|Related Work|Background|Methods?|Approach|Training|Experiments?|Implementation Details"
    r"|Results|Conclusions?|References|Appendix|Hyper-?parameters|Settings?|Setup|Ablations?|Baselines?)$",
    re.IGNORECASE,
)
# "critic learning rate  1e-3": tables lose their lines in PDF and plain text. Lines of prose are longer.
_NAMED_NUMBER = re.compile(r"([A-Za-z][A-Za-z0-9 ()\-]{2,40}?)\s+(\d[\d.,]*(?:e-?\d+)?)$")
_RULE = re.compile(r"\|?[\s:|+-]*-{2,}[\s:|+-]*$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\(?\d{1,2}[.)])\s+")
_TITLE = re.compile(r"\*\*[^*]{1,100}\*\*")
_NOT_SHOWN = re.compile(r"<!--.{0,500}?-->|!\[[^\]]{0,300}\]\([^)]{0,500}\)")


def heading_of(line: str) -> str | None:
    """The heading that stands on a line, or None."""
    text = line.strip()
    if found := _HEADING.match(text):
        return found[1]
    return text if _BARE.match(text) or _NUMBERED.match(text) else None


def blocks_of(lines: Sequence[str], page: int | None = None, section: str = "") -> Iterator[Block]:
    """The blocks of a text; `section` is the heading that goes on from the page before."""
    held: list[tuple[int, str]] = []
    header: tuple[str, ...] = ()
    for number, raw in enumerate(lines, start=1):
        line = _NOT_SHOWN.sub(" ", raw.rstrip())
        heading = heading_of(line)
        row = () if heading else _cells(line)
        if heading is not None or not line.strip() or row or (held and _ITEM.match(line)):
            yield from _paragraph(held, section, page)
            held = []
        section = heading if heading is not None else section
        if row:
            header = header or row if line.lstrip().startswith("|") else ()
            if not _RULE.match(line):
                yield _row(row, header, section, number, page)
            continue
        header = () if line.strip() else header if row else ()
        if heading is None and line.strip():
            held.append((number, line))
    yield from _paragraph(held, section, page)


def _cells(line: str) -> tuple[str, ...]:
    """The cells of a row of a Markdown table, or the name and the number of a line that holds just these."""
    text = line.strip()
    if found := _NAMED_NUMBER.match(text):
        return found[1].strip(), found[2]
    if not text.startswith("|") or text.count("|") < 3:
        return ()
    return tuple(plain_math(cell).strip() for cell in re.split(r"(?<!\\)\|", text.strip("|") if "|" in text else text))


def _row(cells: tuple[str, ...], header: tuple[str, ...], section: str, line: int, page: int | None) -> Block:
    return Block("row", " | ".join(cells), section, ((0, line),), page, cells, header)


def _paragraph(held: list[tuple[int, str]], section: str, page: int | None) -> Iterator[Block]:
    """The held lines as one block of text; formulas between $$ that stand alone are equations."""
    text, starts = "", []
    for number, line in held:
        starts.append((len(text), number))
        text += plain_math(_marked(line)).rstrip() + "\n"
    if text.strip():
        raw = "\n".join(line for _, line in held).strip()
        alone = raw.startswith(("$$", "\\[")) and raw.count("$$") <= 2
        yield Block("equation" if alone else "text", text, section, tuple(starts), page)


def _marked(line: str) -> str:
    """A line without the marks of emphasis and links; what stands between dollars is left to the formulas."""
    line = _TITLE.sub(lambda m: m[0].strip("*"), line)
    line = re.sub(r"\[([^\[\]\n]{0,200})\]\([^()\s]{0,500}\)", r"\1", line)
    return _ITEM.sub("", line.replace("`", ""))
