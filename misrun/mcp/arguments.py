"""The arguments that several tools take, each with the words that tell a model what to pass."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from misrun.mcp.roots import Roots
from misrun.tools.record import Span

if TYPE_CHECKING:
    from misrun.agents.request import Request
    from misrun.tools.code.checks.check import Auditor
    from misrun.tools.code.finding import Delegation

_PLACE = re.compile(r"([^\n:]+):(\d{1,9})(?:-(\d{1,9}))?")
# A pasted piece of a log: beyond it the file itself is the better argument. A judgement.
_PASTED = 200_000

RunPath = Annotated[
    str | None,
    Field(description="Folder the run left behind (logs, metrics, configs, code), or one log file. Or give `text`."),
]
Text = Annotated[
    str | None,
    Field(max_length=_PASTED, description="A pasted piece of a log or an issue, instead of `path`; 20 lines will do."),
]
Tried = Annotated[
    tuple[str, ...],
    Field(max_length=50, description='What was attempted already and how it went: "lowered lr to 1e-4, no change".'),
]
Baseline = Annotated[str | None, Field(description="Folder of a run that worked, to learn what changed since.")]
CodePath = Annotated[str, Field(description="Folder with the training code, or one .py or .ipynb file.")]
Hypothesis = Annotated[
    str,
    Field(max_length=500, description="What is suspected and why: a failure mode (misrun://modes) or a sentence."),
]
Location = Annotated[
    str,
    Field(
        max_length=500, description='The place to look at first: "train.py:88" or "train.py:80-95". Empty: anywhere.'
    ),
]
LookFor = Annotated[
    tuple[str, ...],
    Field(max_length=100, description="Ids of the checks that matter most, reported first; see misrun://checks."),
]
Most = Annotated[int, Field(ge=1, le=50, description="At most so many findings, the most certain first.")]


def request_for(
    roots: Roots, path: str | None, text: str | None, tried: Sequence[str], baseline: str | None
) -> "Request":
    """What is to be investigated; ToolError unless exactly one of `path` and `text` is given."""
    from misrun.agents.investigation import new_request

    if (path is None) == (text is None) or (text is not None and not text.strip()):
        raise ToolError(
            "Give either `path` (folder of the run, or one log file) or `text` (a pasted piece of the log)."
        )
    asked = new_request(
        roots.inside(path) if path is not None else None,
        text=text,
        tried=tuple(tried),
        baseline=roots.inside(baseline) if baseline is not None else None,
    )
    # What lies beside a root is not in it.
    return asked.model_copy(update={"siblings": _within(roots, Path(asked.path).parent)})


def code_files(roots: Roots, path: str) -> tuple[Path, list[str]]:
    """The folder and the Python files to read in it; files that a link reaches outside of the roots are left out."""
    from misrun.tools.code.source import find_python_files

    target = roots.inside(path)
    if target.is_file():
        if target.suffix not in (".py", ".ipynb"):
            raise ToolError(f"{path} is not Python. Give a .py or .ipynb file, or the folder of the training code.")
        return target.parent, [target.name]
    files = [name for name in find_python_files(target) if _within(roots, (target / name).resolve())]
    if not files:
        raise ToolError(f"There is no Python file in {path}. Give the folder that holds the training code.")
    return target, files


def delegation(auditor: "Auditor", hypothesis: str, location: str, look_for: Sequence[str]) -> "tuple[Delegation, ...]":
    """What the caller asks of an auditor; empty when nothing was asked. ToolError for a place or check that is none."""
    from misrun.tools.code.finding import Delegation

    if not (hypothesis or location or look_for):
        return ()
    known_checks(look_for)
    place = span_of(location) if location else None
    asked = Delegation(agent=auditor, mode=hypothesis, location=place, look_for=tuple(look_for), because=hypothesis)
    return (asked,)


def known_checks(names: Sequence[str]) -> None:
    """ToolError for the first name that is no check, with the nearest ones that are."""
    from difflib import get_close_matches

    from misrun.tools.code.checks.registry import CHECKS

    for name in names:
        if name not in CHECKS:
            near = ", ".join(get_close_matches(name, CHECKS, n=5, cutoff=0.4)) or "none is near"
            raise ToolError(f"No check is called {name[:80]}. Near it: {near}. All of them: misrun://checks")


def span_of(location: str) -> "Span":
    """ "train.py:80-95" as a place; ToolError when it is none."""
    found = _PLACE.fullmatch(location.strip())
    first, last = (int(found[2]), int(found[3] or found[2])) if found else (0, 0)
    if found is None or not 1 <= first <= last:
        raise ToolError(f'{location[:200]} is no place. Write file:line or file:first-last, such as "train.py:80-95".')
    return Span(file=found[1], first=first, last=last)


def _within(roots: Roots, path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in roots.folders)
