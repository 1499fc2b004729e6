"""The sums of losses that a paper writes, as equations or in words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from misrun.tools.code.implemented.loss_terms import kind_of
from misrun.tools.paper.document import MOST_STATEMENTS, Paper
from misrun.tools.paper.numbers import number, tokens
from misrun.tools.paper.record import PaperPlace
from misrun.tools.paper.sentences import sentences

# "L =", "L_G =", "L_total =", "J(theta) ="; and an objective that is maximised without a name.
_LEFT = re.compile(
    r"(?<![\w^])(?:L|J|loss|objective|ELBO)(?:[_^]?\w{0,12})?(?: ?\([^()]{0,20}\))? ?= ?(?!\d)", re.IGNORECASE
)
_BARE = re.compile(r"(?:maximi[sz]e|minimi[sz]e) (?=(?:E\b|E ?\[|L[_^]))")
_RIGHT = re.compile(
    r"(.{3,200}?)(?=,? (?:with|where|for|and (?:a|the)|using|in which)\b|,(?=[\s\w]*\b(?:with|where)\b)|\.\s|\.$|[;]|$)"
)
_LOSS_SYMBOL = re.compile(
    r"(?:\bL ?[_^]|\bD_?KL|\bKL\b|\|\||\bS ?[\[(]|\bH ?[\[(]|\bCE\b|\bMSE\b|\bBCE\b|\bL1\b|\bR ?\(|\bE ?[\[(]|\bloss\b)"
)
_WORDED = re.compile(r"sum of (.{10,200}?)(?:\.\s|\.$|$)", re.IGNORECASE)


@dataclass(frozen=True)
class PaperTerm:
    """One term: its kind, its sign, and its coefficient as a number or as the symbol of one."""

    kind: str
    sign: int
    shown: str
    coefficient: float | None
    symbol: str
    place: PaperPlace


@dataclass(frozen=True)
class LossEquation:
    """A sum of at least two terms; `maximised` objectives have the other sign than the loss."""

    terms: tuple[PaperTerm, ...]
    maximised: bool
    shown: str
    place: PaperPlace


def loss_equations(paper: Paper) -> tuple[LossEquation, ...]:
    """The sums of losses in the order of the paper."""
    values = symbol_values(paper)
    return tuple(islice((found for found in _found(paper, values) if len(found.terms) > 1), MOST_STATEMENTS))


def symbol_values(paper: Paper) -> Mapping[str, tuple[float, PaperPlace]]:
    """What the paper says that its symbols are: "beta = 0.25", "lambda1 = 100", "c_2 | 0.01" in a table."""
    found: dict[str, tuple[float, PaperPlace]] = {}
    for block in paper.blocks:
        for match in re.finditer(r"(?<![\w^])([A-Za-z][\w]{0,12}) ?= ?(?=[\d.])", block.text):
            value = next(
                (t.value for t in tokens(block.text[match.end() : match.end() + 20]) if t.value is not None), None
            )
            if value is not None:
                found.setdefault(match[1], (value, paper.place(block, match.start())))
        if block.kind == "row" and len(block.cells) > 1 and (value := number(block.cells[1])) is not None:
            found.setdefault(block.cells[0].split(" ")[-1], (value, paper.place(block)))
    return found


def _found(paper: Paper, values: Mapping[str, tuple[float, PaperPlace]]) -> Iterator[LossEquation]:
    for block in paper.blocks:
        for offset, sentence in sentences(block):
            text = sentence.replace("\n", " ")
            for left in (*_LEFT.finditer(text), *_BARE.finditer(text)):
                right = _RIGHT.match(text, left.end())
                if right is not None:
                    place = paper.place(block, offset + left.start())
                    terms = _terms(right[1], values, place)
                    yield LossEquation(tuple(terms), "maximi" in text[: left.end()], right[1].strip()[:120], place)
            if (worded := _WORDED.search(text)) and "loss" in text and not _LEFT.search(text):
                place = paper.place(block, offset + worded.start())
                yield LossEquation(tuple(_worded(worded[1], place)), False, worded[1][:120], place)


def _terms(right: str, values: Mapping[str, tuple[float, PaperPlace]], place: PaperPlace) -> Iterator[PaperTerm]:
    for sign, text in _split(right):
        weight, rest = _weighted(text)
        kind = _kind(rest)
        if not kind or not _LOSS_SYMBOL.search(rest):
            continue
        value = number(weight) if weight and number(weight) is not None else 1.0 if not weight else None
        symbol = "" if value is not None else weight
        if symbol in values:
            value = values[symbol][0]
        yield PaperTerm(kind, sign, text.strip()[:60], value, symbol, values[symbol][1] if symbol in values else place)


def _split(text: str) -> Iterator[tuple[int, str]]:
    """The terms at the top level with their signs."""
    depth, sign, start = 0, 1, 0
    within = False
    for index, letter in enumerate(text):
        depth += letter in "([{"
        depth -= letter in ")]}"
        if depth == 0 and text[index : index + 2] == "||" and text[index - 1 : index] != "|":
            within = not within
        if within:
            continue
        if letter in "+-" and depth <= 0 and index and text[index - 1] not in "e^_*/(":
            if text[start:index].strip():
                yield sign, text[start:index]
            sign, start = (1 if letter == "+" else -1), index + 1
        elif letter in "+-" and not text[:index].strip():
            sign, start = (1 if letter == "+" else -1), index + 1
    if text[start:].strip():
        yield sign, text[start:]


def _weighted(text: str) -> tuple[str, str]:
    """The coefficient before the loss of a term, and the loss; "(...)" where it is more than a number or a symbol."""
    found = _LOSS_SYMBOL.search(text)
    if not found or not text[: found.start()].strip(" *"):
        return "", text
    weight = text[: found.start()].strip(" *")
    simple = number(weight) is not None or re.fullmatch(r"[A-Za-z]\w*", weight)
    return (weight if simple else "(...)"), text[found.start() :]


def _kind(text: str) -> str:
    """The kind of a term; the losses of a quantizer by what is detached in them."""
    detached = re.search(r"sg ?[\[(] ?([^\])]*)", text)
    if detached:
        return "codebook" if re.match(r"z|enc|f", detached[1].strip()) else "commitment"
    if text.strip().startswith("||"):
        return "reconstruction"
    inside = re.match(r"\s*L ?[_^]\(?([\w ]+)", text)
    if inside:
        return kind_of(inside[1].strip()) if not re.fullmatch(r"[Ll]1\w*", inside[1].strip()) else "l1"
    head = re.match(r"\s*(?:E ?[\[(] ?)?(\w+)", text)
    return kind_of("KL" if head and re.fullmatch(r"D?_?KL", head[1]) else head[1] if head else text)


def _worded(text: str, place: PaperPlace) -> Iterator[PaperTerm]:
    """ "the policy gradient loss, 0.25 times the value loss, minus 0.02 times the entropy of the policy"."""
    for part in re.split(r",(?! \d)|,(?= \d)|\band\b|\bplus\b|(?=\bminus\b)", text):
        sign = -1 if re.search(r"\bminus\b", part) else 1
        weight = next((t.value for t in tokens(part) if t.value is not None and "times" in part), 1.0)
        words = re.sub(r".*\btimes\b", "", part)
        words = re.split(r"\bof (?:the|our)\b", words)[0]
        kind = kind_of(re.sub(r"\b(?:the|a|gradient|function|minus|weighted)\b", " ", words))
        if kind and re.search("loss|entropy|penalty|divergence|term", part):
            yield PaperTerm(kind, sign, part.strip()[:60], weight, "", place)
