"""Whether a sentence of a language model says what the facts it names say, and nothing else.

Every rule is a reason to drop a sentence, never to mend one: the same facts stand above it anyway.
"""

import re
from collections.abc import Mapping, Sequence

from misrun.agents.cures.quantity import ANY_NUMBER, half_last_digit, parse_number
from misrun.agents.researcher.facts import Fact
from misrun.agents.researcher.topic import content_stems
from misrun.knowledge.lexical import stem

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|org|net|io|dev|ai|sh)\b(?:/\S*)?", re.I)
# How sources are cited: [3], arXiv:1711.00937, #123, (Smith et al., 2020), doi:10...
_SOURCE = re.compile(
    r"\[\w+\]|\barxiv\W?\s?[\d.]+|#\d+|\bet al\b.{0,12}\d{4}|\bdoi\b\S*|\b(?:paper|issue|live|own)-[\w-]+", re.I
)
_PLACE = re.compile(r"[\w./-]+\.[A-Za-z]\w{0,5}:\d+(?:-\d+)?")
_FILE = re.compile(r"\b[\w/-]+\.(?:py|log|ya?ml|json|jsonl|csv|txt|toml|ini|sh|ipynb|out|err)\b")
_NAME = re.compile(r"\b[A-Za-z]+\d[\w-]*")
_NEGATION = re.compile(r"\b(?:not|no|never|nothing|none|neither|nor|without|cannot)\b|n't\b", re.I)
_ALL_WELL = re.compile(
    r"\b(?:healthy|all (?:is )?(?:well|good|fine|ok)|works? (?:fine|well|correctly)|looks? (?:fine|good|ok|normal)"
    r"|(?:no|without|free of|any) (?:\w+ )?(?:problems?|errors?|failures?|issues?|bugs?)|nothing (?:is )?wrong|succe\w+)\b",
    re.I,
)
_ADVICE = re.compile(
    r"^\W*(?:please|now|then|first|next|also|just|simply)?\W*(?:you (?:should|can|could|must|need|may|might|have to)\b|try|run|rerun|execute"
    r"|install|delete|remove|download|upload|send|open|visit|click|type|paste|use|set|lower|raise|reduce|increase|decrease|change|replace|add"
    r"|disable|enable|switch|restart|upgrade|downgrade|ignore|consider|clip|clear|check|make|write|call|move|put|turn|apply|clamp|halve|double|correct|measure|train|log|tie|join|mark|print|compare|keep|save|load|cast|buy)\b"
    r"|\b(?:should|must|recommend\w*|suggest\w*|advis\w*|curl|wget|sudo|chmod|rm -|pip install|eval\(|bash)\b",
    re.I,
)
_PROPOSED = re.compile(r"\b(?:steps?|propos\w*|fix\w*|remed\w*|cures?)\b", re.I)
# Of the words that say something, so many have to stand in the facts: paraphrase is wanted, additions are not.
# A judgement; tests/chat/test_checker.py holds the sentences it was made on.
_SUPPORTED = 0.7
# Fewer words that say something are a fragment ("This is a").
_FEWEST_WORDS = 2
# Words that carry an explanation and claim nothing of the run.
_GLUE = frozenset(map(stem, (
    "this", "means", "mean", "because", "cause", "caused", "causes", "likely", "likelihood", "leading", "run", "training",
    "evidence", "shows", "show", "found", "points", "happened", "happens", "happening", "why", "which", "therefore", "explains",
    "explain", "reason", "failure", "failed", "fails", "problem", "line", "file", "code", "step", "value", "values", "says",
    "seen", "also", "most", "would", "help", "becomes", "became", "turns", "turned", "measured", "observed", "indicates", "suggests",
    "reported", "report", "due", "result", "results", "resulting", "during", "after", "before", "where", "when", "then", "leads", "occurs", "occurred",
)))  # fmt: skip


def reason_to_drop(text: str, named: Sequence[str], facts: Mapping[str, Fact], *, healthy: bool) -> str:
    """Why a sentence that names these facts is not shown; "" when it is."""
    if not named or any(name not in facts for name in named):
        return "it rests on no fact that was given"
    cited = [facts[name] for name in named]
    known = " ".join(part for fact in cited for part in (fact.text, *(f"{c.label} {c.url}" for c in fact.cites)))
    proposed = [any(cite.kind == "step" for cite in fact.cites) for fact in cited]
    if any(proposed) and not (all(proposed) and (_ADVICE.search(text) or _PROPOSED.search(text))):
        return "it takes what is proposed for what happened"
    if _unissued(text, known):
        return "it names a source, an address or a place that its facts do not hold"
    if not _numbers_stand(text, known):
        return "it holds a number that its facts do not hold"
    if not healthy and _ALL_WELL.search(text) and not _NEGATION.search(known) and not _ALL_WELL.search(cited[0].text):
        return "it contradicts the verdict"
    if not healthy and re.search(r"\bhealthy\b", text, re.I):
        return "it contradicts the verdict"
    if _ADVICE.search(text) and not any(proposed):
        return "it gives advice that is no step of the report"
    if bool(_NEGATION.search(text)) != bool(_NEGATION.search(known)) and _one_sided(text, cited):
        return "it denies what its facts say"
    return "" if _supported(text, known) else "it says more than its facts do"


def _unissued(text: str, known: str) -> bool:
    patterns = (_ADDRESS, _SOURCE, _PLACE, _FILE)
    return any(found.rstrip(".,;)") not in known for pattern in patterns for found in pattern.findall(text))


def _numbers_stand(text: str, known: str) -> bool:
    """Whether every number occurs among the facts, within the rounding of the sentence."""
    held = [parse_number(token.rstrip(",")) for token in ANY_NUMBER.findall(known)]
    plain = _NAME.sub(lambda name: "" if name[0] in known else name[0], text)
    return all(_is_held(token.rstrip(","), held) for token in ANY_NUMBER.findall(plain))


def _is_held(token: str, held: Sequence[float]) -> bool:
    # A small whole number is a count, and counts are not rounded.
    value = parse_number(token)
    slack = 0.0 if token.isdigit() and value < 10 else half_last_digit(token) * (1 + 1e-9)
    return any(min(abs(value - h), abs(value - abs(h)), abs(value - 100 * h)) <= slack for h in held)


def _one_sided(text: str, cited: Sequence[Fact]) -> bool:
    """Whether the sentence denies and no fact does, or every fact denies and the sentence does not."""
    denied = [bool(_NEGATION.search(fact.text)) for fact in cited]
    return not any(denied) if _NEGATION.search(text) else all(denied)


def _supported(text: str, known: str) -> bool:
    said = content_stems(text) - _GLUE
    return len(said) >= _FEWEST_WORDS and len(said & content_stems(known)) >= _SUPPORTED * len(said)
