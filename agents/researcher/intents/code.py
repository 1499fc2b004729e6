"""Lines of the run's own code or logs, with what was found there."""

import re
from pathlib import Path

from misrun.agents.researcher.answer import Answer, Line, places
from misrun.agents.researcher.case import Case
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room
from misrun.tools.code.finding import Finding
from misrun.tools.record import Span
from misrun.tools.redact.redactor import Redactor

# Lines shown around the place in question: a function's worth on a small screen.
_AROUND = 5
_FROM_START = 20
_PLACE = re.compile(r"(?P<file>[\w./~<>-]*[\w>])(?:(?::| line )(?P<line>\d+))?")
_LARGEST = 20_000_000


def _tell(heard: Heard, room: Room) -> Answer:
    """The place asked for; without a file the one to blame."""
    assert room.report is not None
    assert room.case is not None
    findings = room.report.findings
    named = _PLACE.match(_about(heard))
    if named is None:
        return _shown(room.case, findings[0].file, findings[0].line, findings) if findings else _no_code(room)
    file = named["file"]
    line = int(named["line"]) if named["line"] else next((f.line for f in findings if _same(f.file, file)), 0)
    return _shown(room.case, file, line, findings, known=room.report.files)


def _about(heard: Heard) -> str:
    return re.sub(r"^(?:the |my )?(?:code|file|line|source code)\b(?: of| in)?\s*", "", heard.about, flags=re.I)


def _shown(case: Case, file: str, line: int, findings: tuple[Finding, ...], known: tuple[str, ...] = ()) -> Answer:
    name, path = _inside(case, file, known)
    if path is None:
        readable = ", ".join(known[:6])
        head = f"{file} is no file of {case.name}." + (f" There are: {readable}." if readable else "")
        return Answer(intent="code", head=head)
    text = path.read_text("utf-8", errors="replace") if path.stat().st_size <= _LARGEST else ""
    lines = Redactor().text(text).split("\n")
    if not text or line > len(lines):
        return Answer(intent="code", head=f"{name} has no line {line}." if text else f"{name} is too large or empty.")
    return _excerpt(name, lines, line, [f for f in findings if f.file == name])


def _excerpt(name: str, lines: list[str], line: int, findings: list[Finding]) -> Answer:
    first = max(1, line - _AROUND) if line else 1
    last = min(len(lines), line + _AROUND if line else _FROM_START)
    numbered = [f"{'>' if n == line else ' '} {n:>4}  {lines[n - 1][:300]}" for n in range(first, last + 1)]
    here = [f for f in findings if first <= f.line <= last]
    said = [Line(text=f"{f.message} {f.expected}".strip(), cites=places(f.span), look="item") for f in here[:3]]
    span = Span(file=name, first=first, last=last)
    return Answer(
        intent="code",
        head=f"{name}, lines {first} to {last} of {len(lines)}.",
        cites=places(span),
        lines=(Line(text="\n".join(numbered), cites=places(span), look="code"), *said),
    )


def _inside(case: Case, file: str, known: tuple[str, ...]) -> tuple[str, Path | None]:
    """The file by its name or the end of it, only within the run and what was pasted."""
    if file == "<stdin>":
        return file, case.supplied if case.supplied.is_file() else None
    root = Path(case.path) if case.path else case.files
    base = (root if root.is_dir() else root.parent).resolve()
    names = [file, *(name for name in known if _same(name, file))]
    for name in names:
        try:
            path = (base / name).expanduser().resolve()
            if path.is_relative_to(base) and path.is_file() and (root.is_dir() or path == root.resolve()):
                return path.relative_to(base).as_posix(), path
        except (OSError, ValueError):  # a forged name: too long, a NUL byte, a link loop
            continue
    return file, None


def _same(name: str, asked: str) -> bool:
    return name == asked or name.endswith(f"/{asked}")


def _no_code(room: Room) -> Answer:
    assert room.report is not None
    readable = ", ".join(room.report.files[:6])
    return Answer(
        intent="code", head=f"No line of code is to blame by what was found. /code FILE shows one of: {readable}."
    )


INTENT = Intent(
    name="code",
    meaning="asks to see code or log lines, or which line is to blame",
    tell=_tell,
    command="code",
    usage="[FILE[:LINE]]",
    needs_report=True,
    says=(
        r"^(?:please |can you )?(?:show|open|see|print|cat)(?: me)? (?P<about>(?:the |my )?(?:code|source code|line|file)\b.*)$",
        r"^(?:please |can you )?(?:show|open|see|print|cat)(?: me)?(?: the)? (?P<about>[\w./~-]+\.\w{1,8}(?:(?::| line )\d+)?)\W*$",
        r"^(?:which|what|where)(?:'s| is| are)? (?:the |in the |exact )*(?:lines?|code|bug|place|file)\b.*$",
        r"^where(?: exactly)?(?: is (?:it|that|this))?(?: in (?:the |my )?code)?\W*$",
    ),
)
