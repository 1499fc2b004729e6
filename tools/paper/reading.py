"""Reads a paper from a file: Markdown, plain text, LaTeX or PDF. What it says is data, whatever it says."""

from pathlib import Path

from misrun.tools.paper.document import MOST_BYTES, MOST_CHARACTERS, Block, Paper, UnreadablePaper
from misrun.tools.paper.plain_text import blocks_of

_TEXT = (".md", ".markdown", ".txt", ".rst", "")
SUFFIXES = (*_TEXT[:-1], ".tex", ".latex", ".pdf")


def read_paper(path: Path) -> Paper:
    """The paper in a file; UnreadablePaper says why there is none."""
    suffix = path.suffix.lower()
    if suffix not in (*_TEXT, *SUFFIXES):
        raise UnreadablePaper(f"{path.name} is no paper that can be read; there are {', '.join(SUFFIXES)}")
    try:
        title, blocks = _blocks(_bytes(path), suffix)
    except UnreadablePaper as error:
        raise UnreadablePaper(f"The paper {path.name} cannot be read: {error}.") from error
    if not blocks:
        raise UnreadablePaper(f"The paper {path.name} cannot be read: there is no text in it.")
    return Paper(path.name, title or blocks[0].text[:100].strip(), tuple(blocks))


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise UnreadablePaper("there is no such file" if not path.exists() else "it is not a regular file")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadablePaper(f"it is larger than {MOST_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise UnreadablePaper(f"{error.strerror}") from error


def _blocks(data: bytes, suffix: str) -> tuple[str, list[Block]]:
    if suffix == ".pdf":
        from misrun.tools.paper.pdf import pdf_blocks

        return pdf_blocks(data)
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", errors="replace")
    if "\0" in text[:4096]:
        raise UnreadablePaper("it is no text")
    text = text.replace("\r\n", "\n")[:MOST_CHARACTERS]
    if suffix in (".tex", ".latex"):
        from misrun.tools.paper.latex import latex_blocks

        return latex_blocks(text)
    lines = text.split("\n")
    return next((line.strip("# ").strip() for line in lines if line.strip()), "")[:200], list(blocks_of(lines))
