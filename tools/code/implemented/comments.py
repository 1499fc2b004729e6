"""Comments beside a line that say that it departs from the paper on purpose."""

import re

from misrun.tools.code.project_model import Project
from misrun.tools.record import Span

_DEPARTS = re.compile(
    r"on purpose|deliberate|intentional|depart(?:s|ure)|unlike (?:in )?the (?:paper|authors)"
    r"|differs? from the (?:paper|original)"
    r"|(?:the )?(?:paper|authors|original)\b[^.\n]{0,40}\b(?:uses?|used|has|had|says?|said|sets?)\b"
    r"|instead of\b[^.\n]{0,40}\b(?:paper|original|authors)|(?:paper|original)\b[^.\n]{0,60}\b(?:but|we|here)\b"
    r"|(?:reduced|shortened|lowered|raised|increased|changed)\b[^.\n]{0,40}\b(?:from|for|because|due|to fit)\b",
    re.IGNORECASE,
)
# How far above a line its comment may begin (a judgement).
_ABOVE = 3


def departure_comment(project: Project, span: Span) -> str:
    """The words of such a comment on the cited lines or in the block of comments right above them, else ""."""
    file = next((file for file in project.files if file.path == span.file and not file.is_notebook), None)
    if file is None:
        return ""
    own = [_comment(text) for text in file.lines[span.first - 1 : span.last]]
    above = []
    for number in range(span.first - 2, max(-1, span.first - 2 - _ABOVE), -1):
        if not file.lines[number].strip().startswith("#"):
            break
        above.append(_comment(file.lines[number]))
    return next((text for text in (*own, *above) if text and _DEPARTS.search(text)), "")


def _comment(line: str) -> str:
    return line.partition("#")[2].strip()[:200]
