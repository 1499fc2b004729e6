"""Papers with code that agrees with them, and the discrepancies planted into that code one at a time.

A `.pair` file holds parts that begin with `=== name`: the paper first (`<page>` parts the pages of a PDF), the files of the
code, then `=== planted topic` with the lines to change (`- old`, `+ new`), the words of the paper that it contradicts, and
the file; `at:` says where it must be shown when the changed line is gone, `expect:` the outcome when it is no discrepancy.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from misrun.agents.auditors.paper_alignment import audit
from misrun.tools.paper.record import Comparison
from misrun.tools.readers.registry import read_run

DATA = Path(__file__).parents[1] / "data" / "paper"
# What the pairs call more loosely than the auditor does.
_TOPICS = {
    "ema_update": ("moving_average",),
    "target_update": ("moving_average",),
    "stop_gradient": ("target_gradient", "quantizer_gradient"),
}


@dataclass(frozen=True)
class Planted:
    topic: str
    paper: str
    file: str
    old: str
    new: str
    at: str
    expect: str

    @property
    def where(self) -> str:
        return self.at or self.new or self.old


@dataclass(frozen=True)
class Pair:
    name: str
    paper: str
    text: str
    files: dict[str, str]
    planted: tuple[Planted, ...]


def load_pairs(folder: str) -> list[Pair]:
    return [_load(path) for path in sorted((DATA / folder).glob("*.pair"))]


def _load(path: Path) -> Pair:
    parts = re.split(r"^=== (.+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    named = list(zip(parts[::2], parts[1::2], strict=True))
    files = {name: text for name, text in named[1:] if not name.startswith("planted ")}
    planted = tuple(_planted(name[8:], text, next(iter(files))) for name, text in named if name.startswith("planted "))
    return Pair(path.stem, named[0][0], named[0][1], files, planted)


def _planted(topic: str, text: str, first: str) -> Planted:
    keys = dict(re.findall(r"^(\w+): (.*)$", text, re.MULTILINE))
    old = "\n".join(re.findall(r"^- (.*)$", text, re.MULTILINE))
    new = "\n".join(re.findall(r"^\+ (.*)$", text, re.MULTILINE))
    return Planted(
        topic, keys["paper"], keys.get("file", first), old, new, keys.get("at", ""), keys.get("expect", "discrepancy")
    )


def write_pair(pair: Pair, planted: Planted | None, folder: Path) -> Path:
    """Writes code and paper; returns the paper's place (outside of the code, so that it is not read as part of it)."""
    code = folder / "code"
    for name, text in pair.files.items():
        if planted is not None and planted.file == name and planted.old:
            text = _changed(text, planted)
        target = code / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    paper = folder / pair.paper
    if pair.paper.endswith(".pdf"):
        paper.write_bytes(as_pdf(pair.text.split("<page>\n")))
    else:
        paper.write_text(pair.text, encoding="utf-8")
    return paper


def _changed(text: str, planted: Planted) -> str:
    for old, new in zip(planted.old.split("\n"), planted.new.split("\n") + [""] * 9, strict=False):
        assert text.count(old) >= 1, f"{planted.topic}: {old!r} is not in {planted.file}"
        text = text.replace(old, new, 1)
    return text


def compared(pair: Pair, planted: Planted | None, folder: Path) -> tuple[Comparison, ...]:
    """The rows of the auditor for the code as it is, or with one discrepancy planted."""
    paper = write_pair(pair, planted, folder)
    audited = audit(folder / "code", paper, config=read_run(folder / "code").config)
    assert audited.alignment is not None, audited.reason
    return audited.alignment.comparisons


def is_found(pair: Pair, planted: Planted, folder: Path) -> bool:
    return any(_is_it(row, pair, planted, folder / "code") for row in compared(pair, planted, folder))


def _is_it(row: Comparison, pair: Pair, planted: Planted, code: Path) -> bool:
    """The right outcome and topic, the right line of the paper (or page), and the right line of the code, each to one
    line."""
    topics = _TOPICS.get(planted.topic, (planted.topic,))
    if row.outcome != planted.expect or row.topic not in topics or row.paper is None:
        return False
    said = _lines_with(pair.text, planted.paper)
    if pair.paper.endswith(".pdf"):
        pages = [n for n, page in enumerate(pair.text.split("<page>\n"), start=1) if planted.paper in page]
        if row.paper.page not in pages:
            return False
    elif not any(abs((row.paper.line or 0) - line) <= 1 for line in said):
        return False
    if not planted.old and not planted.at:
        return bool(row.code)
    text = (code / planted.file).read_text(encoding="utf-8")
    wanted = [line for part in planted.where.split("\n") for line in _lines_with(text, part.strip())]
    return any(
        span.file == planted.file and span.first - 1 <= line <= span.last + 1 for span in row.code for line in wanted
    )


def _lines_with(text: str, words: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n"), start=1) if words in line]


def _escaped(line: str) -> str:
    return re.sub(r"([()\\])", r"\\\1", line)


def as_pdf(pages: list[str]) -> bytes:
    """A PDF of plain pages: one line of text under the other, as PDF 32000-1:2008, 7.5 and 9.4 describe it."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in pages:
        lines = "".join(f"({_escaped(line)}) Tj T*\n" for line in page.split("\n"))
        stream = f"BT /F1 10 Tf 12 TL 50 780 Td\n{lines}ET"
        objects.append(f"<< /Length {len(stream.encode('latin-1'))} >>\nstream\n{stream}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body.encode("latin-1")))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(body.encode("latin-1"))
    body += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    body += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return body.encode("latin-1")
