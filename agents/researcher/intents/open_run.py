"""Opening a run, going back to one, and investigating again what may have changed on disk."""

from pathlib import Path

from misrun.agents.researcher.answer import Answer, Line
from misrun.agents.researcher.case import Case
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room


def new_case(heard: Heard, room: Room, path: str | None) -> Case:
    number = 1 + max((case.number for case in room.cases), default=0)
    return Case(number=number, folder=str(Path(heard.folder) / f"case-{number}"), path=path)


def known_case(room: Room, path: str) -> Case | None:
    return next((case for case in room.cases if case.path == path), None)


def _change(heard: Heard, room: Room) -> Case | Answer:
    if heard.path:
        return known_case(room, heard.path) or new_case(heard, room, heard.path)
    if named := _named(heard.about, room):
        return named
    if heard.about:
        return Answer(
            intent="open_run",
            head=f'There is no run "{heard.about}" here.',
            lines=(Line(text="Give the folder of the run or one log file, for instance /investigate runs/exp42."),),
        )
    return room.case or Answer(
        intent="open_run",
        head="Which run? Give its folder or a log file: /investigate runs/exp42",
        lines=(Line(text="Or paste the end of the log here, with the error if there is one."),),
    )


def _named(about: str, room: Room) -> Case | None:
    """A run of this conversation by the name of its folder, or "what I pasted"."""
    wanted = about.rstrip("/").lower()
    if not wanted:
        return None
    by_name = next((case for case in room.cases if case.path and Path(case.path).name.lower() == wanted), None)
    pasted = next((case for case in room.cases if case.path is None), None)
    return by_name or (pasted if "paste" in wanted else None)


INTENT = Intent(
    name="open_run",
    meaning="names the folder or log file of a run to investigate, or goes back to an earlier one",
    change=_change,
    command="investigate",
    usage="[RUN]",
    says=(
        r"^(?:please |let'?s |now )?(?:go |switch |change |get )?back to (?:run |the run )?(?P<about>[\w./~ -]+)$",
        r"^(?:please |let'?s |now )?switch to (?:run |the run )?(?P<about>[\w./~ -]+)$",
        r"^(?:please )?(?:investigate|look at|analy[sz]e|diagnose|check)(?: it| this)?(?: again)?\W*$",
        r"^(?:please )?(?:investigate|look at|analy[sz]e|diagnose) (?:run |the run )?(?P<about>\S+)$",
    ),
)
