"""What was tried already: it lowers the causes it would have cured, and is not proposed again."""

import re

from misrun.agents.researcher.answer import Answer, Line
from misrun.agents.researcher.case import Case
from misrun.agents.researcher.intents.intent import Heard, Intent, one_of
from misrun.agents.researcher.room import Room

_STEP = re.compile(r"\b(?:step|number|no\.?|#)\s*(\d{1,2})\b", re.I)
_ONLY_THAT = re.compile(r"^(?:that|it|this|all of (?:it|that)|both)?\W*(?:already|before|too|as well|\W)*$", re.I)
# How an attempt ended, said behind it: "that, no change".
_OUTCOME = re.compile(
    r"[\W_]*\b(?:(?:but |and |with )*(?:still |it |that |there (?:is|was) )*(?:no (?:change|effect|difference|luck|improvement)"
    r"|did(?: not|n'?t) (?:help|work|change anything)|does(?: not|n'?t) (?:help|work)|nothing changed|same (?:thing|result|"
    r"problem|error|as before)|fails?(?: the same)?|failed(?: again)?))\W*$",
    re.I,
)


def _change(heard: Heard, room: Room) -> Case | Answer:
    case = room.case
    if case is None:
        return Answer(
            intent="tried",
            head="There is no run yet that this could count for.",
            lines=(Line(text="Give the folder of the run, or paste the log; then say again what was tried."),),
        )
    told = _told(heard, room)
    if isinstance(told, Answer):
        return told
    return case.model_copy(update={"tried": tuple(dict.fromkeys((*case.tried, told)))})


def _told(heard: Heard, room: Room) -> str | Answer:
    """The attempt in words; "step 2" stands for what step 2 says."""
    said = heard.about or heard.text
    named = _STEP.search(heard.text)
    steps = room.report.steps if room.report else ()
    if named is None and not _ONLY_THAT.match(_OUTCOME.sub("", heard.about)):
        return " ".join(said.split())
    number = int(named[1]) if named else 1
    if not 1 <= number <= len(steps):
        return Answer(intent="tried", head=f"There is no step {number} here; there are: {one_of(len(steps), 'step')}.")
    return f"{steps[number - 1].what.rstrip('.')}: no change"


INTENT = Intent(
    name="tried",
    meaning="says what was tried already without success",
    change=_change,
    command="tried",
    usage="WHAT YOU TRIED",
    says=(
        r"^(?:well,? |but |yes,? |ok(?:ay)?,? |no,? )*(?:i|we)(?:'ve| have|'d)? (?:already |also |just |even )*"
        r"(?:tried|did|tested|attempted)(?: out)?(?: to)? (?P<about>(?!not\b).+)$",
        r"^(?:already |also )?tried (?P<about>.+)$",
        r"^(?:well,? |but |yes,? )*(?:i|we)(?:'ve| have)? (?:already |also |just )*(?P<about>(?:lowered|raised|reduced|increased|"
        r"decreased|halved|doubled|changed|switched|disabled|enabled|removed|added|set|clipped|turned|replaced|updated|"
        r"upgraded|downgraded|shuffled|normali[sz]ed)\b.+)$",
        r"^(?P<about>.+?)[,;:.]? (?:but |and )?(?:it |that |this )?(?:did(?: not|n'?t) (?:help|work|change anything|fix it)"
        r"|(?:had|has|with) no effect|made no difference|changed nothing|does(?: not|n'?t) (?:help|work))(?: either| too| at all| much| though)?\W*$",
        r"^(?P<about>that|it|this) (?:did(?: not|n'?t) (?:help|work)|does(?: not|n'?t) (?:help|work))(?: either| too| at all| much| though)?\W*$",
    ),
)
