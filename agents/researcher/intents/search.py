"""The knowledge asked in the user's own words."""

from misrun.agents.researcher.answer import Answer, Line, source
from misrun.agents.researcher.intents.intent import Heard, Intent
from misrun.agents.researcher.room import Room
from misrun.knowledge.entry import KnowledgeEntry

_SHOWN = 4


def found_lines(found: list[tuple[KnowledgeEntry, float]]) -> tuple[Line, ...]:
    """Title, cause, fix and address of each entry."""
    return tuple(
        Line(
            text=f"{entry.title} ({entry.year})\nCause: {entry.cause}\nFix: {entry.fix}\n{entry.url}",
            cites=(source(entry.id, entry.url),),
            look="item",
        )
        for entry, _ in found
    )


def _tell(heard: Heard, room: Room) -> Answer:
    if not heard.about:
        return Answer(intent="search", head="Search for what? /search loss nan with fp16 after warmup")
    found = list(room.search(heard.about, _SHOWN))
    if not found:
        return Answer(
            intent="search",
            head=f'Nothing is known here about "{heard.about[:60]}".',
            lines=(Line(text="Try the words of the error message, or the symptom as you see it.", look="note"),),
        )
    return Answer(
        intent="search", head=f'{len(found)} entries come nearest to "{heard.about[:60]}":', lines=found_lines(found)
    )


INTENT = Intent(
    name="search",
    meaning="asks to search papers, issues and threads for something",
    tell=_tell,
    command="search",
    usage="WORDS",
    says=(
        r"^(?:please |can you )?(?:search|google|look up|look for|find)(?: for| about)?(?: papers| issues)?(?: about| on| for)? (?P<about>.+)$",
        r"^(?:are there |is there |do you know )?(?:any|a) (?:known |similar )*(?:papers?|issues?|reports?|threads?)(?: about| on| for| of| with)? (?P<about>.+)$",
        r"^(?:has|did) (?:anyone|anybody|someone)(?: else)? (?:seen|had|have|reported?|see) (?P<about>.+)$",
        r"^(?:what is|what'?s|what are) known (?:about|on) (?P<about>.+)$",
    ),
)
