"""What differs between this run and another one."""

from pathlib import Path

from misrun.agents.researcher.answer import Answer, Line, places
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room
from misrun.tools.readers.registry import read_run
from misrun.tools.signals.compare import Difference, compare

_SHOWN = 12


def _tell(heard: Heard, room: Room) -> Answer:
    assert room.case is not None
    path = heard.path or next((c.path for c in room.cases if c.path and Path(c.path).name == heard.about), None)
    if not path:
        return Answer(intent="compare", head="Compare with which run? /compare runs/exp41 (a folder or a log file).")
    try:
        other = read_run(Path(path))
    except (OSError, ValueError) as error:
        return Answer(intent="compare", head=f"{path} cannot be read: {error}.")
    found = compare(room.run, other)
    name = Path(path).name
    if not found:
        return Answer(intent="compare", head=f"Nothing that was read differs between {room.case.name} and {name}.")
    more = f"; the first {_SHOWN}" if len(found) > _SHOWN else ""
    return Answer(
        intent="compare",
        head=f"{len(found)} things differ between {room.case.name} and {name}{more}:",
        lines=tuple(_line(difference, name) for difference in found[:_SHOWN]),
        worded=True,
    )


def _line(difference: Difference, other: str) -> Line:
    here, there = difference.here or "not there", difference.there or "not there"
    if difference.kind == "curve":
        at = "" if difference.step is None else f" part at step {difference.step:g}"
        text = f"curves of {difference.name}{at}: {here} here, {there} in {other}"
    else:
        text = f"{difference.name}: {here} here, {there} in {other}"
    return Line(text=text, cites=places(*difference.spans[:2]), look="item")


INTENT = Intent(
    name="compare",
    meaning="asks what differs from another run",
    tell=_tell,
    command="compare",
    usage="RUN",
    needs_report=True,
    says=(
        r"^(?:please |can you )?(?:compare|diff)(?: (?:it|this|that))?(?: run)?(?: (?:with|to|against))? (?:run )?(?P<about>.+)$",
        r"^what(?:'s| is)? (?:different|changed|the difference)(?: (?:from|to|against|since|between|with))+ (?:it and |this and )?(?P<about>.+)$",
    ),
)
