"""What users say is wrong, has been tried and where it ran, read from prose: pasted reports, notes and issue texts."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

from misrun.tools.readers.complaint_table import ATTEMPT, COMPLAINTS, Complaint
from misrun.tools.readers.lines.context import LogContext
from misrun.tools.readers.lines.line import clean
from misrun.tools.readers.lines.prose import MAX_LINES, Prose, Sentence
from misrun.tools.readers.lines.said_environment import SaidEnvironment
from misrun.tools.readers.run_record import Scalar

# ruff: noqa: E501 - patterns, one alternative group a line
# Messages are read by people; the span leads to the rest.
_MAX_MESSAGE = 300
_MAX_SENTENCE = 600
# A long issue has a hundred sentences; a text of more is a document. 0.6 ms each (300 sentences: 0.2 s).
_MAX_SENTENCES = 300
# A paragraph on one line; longer lines are dumps.
_MAX_BYTES = 8_000
# Subject and behaviour further apart than this belong to different statements.
_REACH = 120
_NOTES = re.compile(
    r"^(?:notes?|issues?|reports?|problems?|bugs?|questions?|descriptions?|symptoms?|todo|log ?book|diary|observations?)"
    r"[\w.\- ]{0,40}\.(?:md|txt|rst|markdown)$",
    re.IGNORECASE,
)
_README = re.compile(r"^readme[\w.\-]{0,20}$", re.IGNORECASE)
# In a file only what somebody tells of an own run counts; a README says "we" of the project.
_OWN_RUN = re.compile(r"\b(?:I|I'm|I've|we|my|our|this run|the run|this job)\b|我", re.IGNORECASE)
_OWN_RUN_IN_README = re.compile(r"\b(?:I|I'm|I've|my|this run)\b|我", re.IGNORECASE)
# Signatures whose wording people use as well as programs.
_LOOSE = frozenset({"nonfinite_detected"})
_CLAUSE_END = r"[^,.:;!?，。；：！？]"
_DENIED = re.compile(
    r"(?:\b(?:no|never|without|free of|no longer|not|cannot|instead of|rather than|avoids?|avoiding|prevents?|fixes|fixed|isnt|doesnt|didnt)\b"
    r"|n't\b|没有|没|(?<!是)不是|不会|不再|未|无|避免|防止|排除)"
    r"(?!\s(?:know|understand|figure|sure|idea|clear|only|just|exactly|see why|get why|working|work\b))"
    rf"(?:(?!\b(?:and|but|because|when|why|after|then|so|still|while)\b){_CLAUSE_END}){{0,25}}$",
    re.IGNORECASE | re.ASCII,
)
# The behaviour of some rows begins with its own "not".
_OWN_NEGATION = re.compile(
    r"^(?:not|no|never|n't|cannot|without|does|do|did|is|was|has|fails?|hardly|barely|dont|doesnt|cant|wont)\b|^n't|^[不没无难]",
    re.I,
)
_HYPOTHETICAL = re.compile(
    r"^\W{0,3}(?:if (?!i\b|we\b|my\b)|in case\b|unless\b|should you\b|to (?:avoid|prevent|fix|solve)\b|make sure\b|you (?:can|should|may|could|might)\b"
    r"|(?:this|it) (?:can|may|might|could|will|would) (?:happen|lead|cause|help)|note that\b|for example\b|e\.g\.|如果|若|expected behaviou?r)",
    re.IGNORECASE,
)
_SOLVED = re.compile(
    r"\b(?:is|was|been|got|has|have|now|already|finally|just)\s(?:been |now |finally )?(?:fixed|solved|resolved|gone)\b|\bno longer (?:happens?|occurs?|appears?)"
    r"|\b(?:solved|fixed) (?:it|this|the (?:problem|issue)|my)\b|(?:已经?|终于)解决",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"[?？]|\b(?:how|anyone|have you|did you|can this|want|hope|not (?:been )?(?:fixed|solved|resolved))\b|吗",
    re.IGNORECASE,
)
# What was tried, and that it did not help.
_CHANGE = (
    r"(?:chang|adjust|reduc|lower|decreas|increas|rais|set|disabl|enabl|switch|replac|add|remov|us|try|tri|clip|normali[sz]|shuffl|restart|reinstall"
    r"|updat|upgrad|downgrad|turn|freez|clean|check|downsiz|initiali[sz]|regulari[sz]|tun|modif|halv|doubl)(?:e|ed|es|ing|ting|ning|s|ging|ped|ping|y|ied)?"
)
_FAILED = (
    r"(?:\bno (?:effect|help|luck|change|difference|improvement|use|avail|good)\b|(?:does|do|did|was|is|are)(?:n't| not|nt)? (?:\w+ )?(?:help|work|fix|solve|matter|change)"
    r"|\bnot (?:help|work|solv|fix|effect|improv)\w*|\bstill\b|\bsame (?:problem|error|issue|result|converged|loss|thing|behaviou?r)|\bin vain\b|\bnothing (?:work|help|chang)\w*|\bno matter\b|\bfail(?:ed|s)?\b)"
)
_ATTEMPTS = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        r"\b(?:I|we|I've|have|also|even|already|already)\b.{0,20}\b(?:tried|tryed|attempted|experimented|played (?:with|around)|test(?:ed)? different)\b"
        r"(?! to (?:run|train|use|apply|reproduce|solve|figure|find|do|follow|implement|understand|replicate|debug|make|get|fit|load|finetune|fine-tune|build)\b)",
        rf"\b{_CHANGE}\b.{{1,80}}{_FAILED}",
        rf"{_FAILED}.{{0,60}}\b(?:even|after|when|with|although|though)\b.{{0,20}}\b(?:{_CHANGE}|batch[ _-]?size)\b",
        r"\b(?:I|we) (?:have |also |already |then )*(?:decreased|reduced|lowered|increased|raised|disabled|enabled|switched|replaced|added|removed|changed|set|exported)\b",
        r"\beven (?:with|after|if|when)\b.{1,60}\bstill\b",
        r"^(?:tried|changed|adjusted|reduced|lowered|increased|tested) ",
        r"(?:尝试|试过|试了|调过|改过|调整|减小|降低|增大|调小|改成|换成?|设置|无论).{0,40}?(?:也不行|没用|无效|还是|仍然|依然|没有变化|一样|没有效果|都调过|都试过|不起作用|基本一致)|都调过|都试过",
    )
)
_COUNTED = {
    "iter": "step",
    "step": "step",
    "batc": "step",
    "epoc": "epoch",
    "roun": "epoch",
    "轮": "epoch",
    "步": "step",
}
_WHEN = re.compile(
    r"(?:(?<![\w.])(?P<count>\d{1,3}(?:,\d{3})+|\d{1,12}(?:\.\d{1,3})?)\s?(?P<kilo>k)?\+?(?:st|nd|rd|th)?\s?(?:more |training |多)?个?\s?(?P<unit>iter|step|batch(?!es? of| ?size)|epoch|round|轮|步)"
    r"|\b(?P<named>iter|step|epoch)\w{0,8}\s?[#:=]?\s?(?P<number>\d{1,12}))",
    re.IGNORECASE | re.ASCII,
)


class _Row(NamedTuple):
    """One complaint with its patterns compiled; None where the row asks for nothing."""

    complaint: Complaint
    about: re.Pattern[str] | None
    says: re.Pattern[str]
    near: re.Pattern[str] | None
    unless: re.Pattern[str] | None


@cache
def _rows() -> tuple[_Row, ...]:
    """Compiled on the first text that holds prose."""
    return tuple(
        _Row(
            row,
            _pattern(row.about),
            re.compile(row.says, re.IGNORECASE | re.ASCII),
            _pattern(row.near),
            _pattern(row.unless),
        )
        for row in COMPLAINTS
    )


def _pattern(text: str) -> re.Pattern[str] | None:
    return re.compile(text, re.IGNORECASE | re.ASCII) if text else None


class Complaints:
    """Reads every line of one file, blank ones too, since they part paragraphs; adds its events when closed."""

    def __init__(self, context: LogContext, counts: re.Pattern[str] | None = None) -> None:
        """`counts` must match a sentence for it to be a complaint; without it every sentence counts."""
        self._context = context
        self._counts = counts
        self._prose = Prose()
        self._environment = SaidEnvironment(context)

    def feed(self, number: int, raw: bytes) -> None:
        """One line as it stands in the file, or a part of a very long one."""
        if number > MAX_LINES:
            return
        text = clean(raw[:_MAX_BYTES].decode("utf-8", "replace"))
        self._prose.feed(number, text)
        self._environment.feed(number, text)

    def close(self) -> None:
        """Adds one event per complaint and sentence."""
        sentences = self._prose.sentences()[:_MAX_SENTENCES]
        self._take_back({line for sentence in sentences for line in range(sentence.first, sentence.last + 1)})
        for index, sentence in enumerate(sentences):
            if self._counts is not None and not self._counts.search(sentence.text):
                continue
            nearby = " ".join(s.text[:_MAX_SENTENCE] for s in sentences[max(0, index - 1) : index + 2])
            for name in said(sentence.text, nearby):
                self._add(f"said_{name}", sentence, moment(sentence.text))
            if is_attempt(sentence.text):
                self._add(ATTEMPT, sentence, {"attempt": sentence.text[:_MAX_MESSAGE]})

    def _take_back(self, told: set[int]) -> None:
        """A NaN that a person tells of was neither measured nor reported by the program."""
        self._context.points.forget(told)
        for draft in self._context.events.all():
            if draft.name in _LOOSE and draft.exception is None and draft.first in told:
                draft.kind = "notice"

    def _add(self, name: str, sentence: Sentence, values: dict[str, Scalar]) -> None:
        draft = self._context.events.signature(name, sentence.text[:_MAX_MESSAGE], sentence.first)
        draft.last = max(draft.last, sentence.last) if draft.first == sentence.first else draft.last
        draft.values.update(values)


def complaints_of(context: LogContext) -> Complaints | None:
    """The reader of complaints for pasted text and for files in which users write; None for logs."""
    if context.file == "<stdin>":
        return Complaints(context)
    name = PurePosixPath(context.file).name
    if _README.match(name):
        return Complaints(context, _OWN_RUN_IN_README)
    return Complaints(context, _OWN_RUN) if _NOTES.match(name) else None


def said(sentence: str, nearby: str = "") -> tuple[str, ...]:
    """The names of the complaints that a sentence makes; `nearby` is the sentence with its neighbours."""
    text = sentence[:_MAX_SENTENCE]
    solved = _HYPOTHETICAL.match(text) is not None or (_SOLVED.search(text) is not None and not _ASKED.search(text))
    return tuple(
        row.complaint.name
        for row in _rows()
        if (row.complaint.reported or not solved) and _holds(row, text, nearby or text)
    )


def _holds(row: _Row, text: str, nearby: str) -> bool:
    if row.unless is not None and row.unless.search(text):
        return False
    if row.near is not None and not row.near.search(nearby):
        return False
    return any(_about(row, text, match) and not _denied(row, text, match) for match in row.says.finditer(text))


def _about(row: _Row, text: str, behaviour: re.Match[str]) -> bool:
    """Whether the subject stands within reach of the behaviour."""
    if row.about is None:
        return True
    window = text[max(0, behaviour.start() - _REACH) : behaviour.end() + _REACH]
    return row.about.search(window) is not None


def _denied(row: _Row, text: str, behaviour: re.Match[str]) -> bool:
    if row.complaint.reported or _OWN_NEGATION.match(behaviour[0]):
        return False
    return _DENIED.search(text, max(0, behaviour.start() - 60), behaviour.start()) is not None


def is_attempt(sentence: str) -> bool:
    """Whether a sentence reports something that was tried."""
    text = sentence[:_MAX_SENTENCE]
    return not _HYPOTHETICAL.match(text) and any(pattern.search(text) for pattern in _ATTEMPTS)


def moment(sentence: str) -> dict[str, Scalar]:
    """When it happens, in the numbers of the sentence: {"step": 2000.0} or {"epoch": 5.0}; empty when not said."""
    return dict(_moments(sentence[:_MAX_SENTENCE]))


def _moments(text: str) -> Iterator[tuple[str, Scalar]]:
    for match in _WHEN.finditer(text):
        unit = (match["unit"] or match["named"])[:4].lower()
        value = float((match["count"] or match["number"]).replace(",", ""))
        yield _COUNTED.get(unit, "step"), value * 1_000 if match["kilo"] else value
