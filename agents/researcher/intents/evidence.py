"""What papers, issues and threads know about this failure, and where that stands."""

from misrun.agents.researcher.answer import Answer, Line, source
from misrun.agents.researcher.intents.intent import Heard, Intent, one_of
from misrun.agents.researcher.room import Room
from misrun.knowledge.evidence import Evidence

# As many as a screen holds with their addresses.
_LISTED = 5


def _tell(heard: Heard, room: Room) -> Answer:
    assert room.report is not None
    entries = room.report.evidence
    if heard.number is None:
        return _list(room, entries)
    if not 1 <= heard.number <= len(entries):
        return Answer(
            intent="evidence",
            head=f"There is no source {heard.number}; there are: {one_of(len(entries), 'source')}.",
            report=room.report.id,
        )
    return _one(heard.number, entries[heard.number - 1], room)


def _one(number: int, entry: Evidence, room: Room) -> Answer:
    cite = (source(entry.id, entry.url),)
    parts = (("Problem", entry.problem), ("Cause", entry.cause), ("Fix", entry.fix), ("Verify", entry.verify))
    lines = [Line(text=f"{label}: {text}", cites=cite, look="item") for label, text in parts if text]
    applies = f"applies: {entry.applicability}, {entry.strength}; {entry.why}"
    lines += [Line(text=applies, cites=cite, look="note"), Line(text=entry.url, cites=cite, look="note")]
    assert room.report is not None
    return Answer(
        intent="evidence",
        head=f"[{number}] {entry.title} ({entry.year})",
        cites=cite,
        lines=tuple(lines),
        report=room.report.id,
    )


def _list(room: Room, entries: tuple[Evidence, ...]) -> Answer:
    assert room.report is not None
    if not entries:
        head = f"No source was found for this: {room.report.search_stopped or 'nothing was searched'}."
        return Answer(
            intent="evidence",
            head=head,
            lines=(Line(text="/search WORDS asks in other words."),),
            report=room.report.id,
        )
    lines = [
        Line(
            text=f"[{n}] {e.title} ({e.year}), applies: {e.applicability}\n{e.url}",
            cites=(source(e.id, e.url),),
            look="item",
        )
        for n, e in enumerate(entries[:_LISTED], start=1)
    ]
    more = f" The first {_LISTED}:" if len(entries) > _LISTED else ""
    return Answer(
        intent="evidence",
        head=f"{len(entries)} sources are known for this.{more}",
        lines=(*lines, Line(text="/evidence N shows what one of them says.", look="note")),
        report=room.report.id,
    )


INTENT = Intent(
    name="evidence",
    meaning="asks for the sources: papers, issues, links, one of them by its number",
    tell=_tell,
    command="evidence",
    usage="[N]",
    needs_report=True,
    says=(
        r"^(?:please |can you |could you )?(?:show|give|open|list|see|read)(?: me| us)? (?:the |your |all |any )?"
        r"(?P<about>(?:sources?|citations?|references?|evidence|links?|papers?|issues?)\b.*)$",
        r"^(?:what|which|where)(?:'s| is| are)? (?:the |your )?(?P<about>(?:sources?|citations?|references?|evidence|links?|papers?)\b.*)$",
        r"^(?P<about>(?:sources?|evidence|citation|reference) ?#?\d*)\W*$",
        r"^(?:who|where) (?:else )?(?:says|had|has|did) (?P<about>(?:that|this|so|it))\W*$",
        r"^(?:can you )?(?:prove|cite) (?P<about>(?:that|it|this))\W*$",
    ),
)
