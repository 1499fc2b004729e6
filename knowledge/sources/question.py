"""What a live search may send.

The rule. Logs, paths, names and secrets of a run never leave the machine. From a run, a word is sent only if it is
public: it occurs in at least _PUBLIC entries of the shipped corpus, or it is a term of the ontology or a failure mode.
Numbers, quoted text (column names, run names), paths, addresses, hosts, e-mail addresses, key=value pairs and
identifiers the corpus does not know are left out before that. A query that somebody types into `misrun search` is that
person's own wording: there unknown words stay, and what looks like a path, an address, a number or a secret is left out
all the same, because people paste.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from misrun.knowledge.corpus import Corpus, wording
from misrun.knowledge.lexical import STOP_WORDS
from misrun.knowledge.sources.source import Question

# A judgement: a word of one or two entries may be the name of their project; a word of three is the field's.
_PUBLIC = 3
# GitHub takes 256 characters and requires every word to occur, so more words find less; a judgement.
_THREAD_WORDS = 7
_PAPER_WORDS = 8
_MOST_CHARACTERS = 2_000

_QUOTED = re.compile(r"""(?<!\w)(['"`])[^'"`\n]{0,300}\1(?!\w)|[‘“][^’”\n]{0,300}[’”]|<[^<>\n]{0,300}>""")
_SECRET_AFTER = re.compile(
    r"(?i)\S*(?:api[_-]?key|token|secret|passw(?:or)?d|credential|authorization)\S*\s*[:=]+\s*\S+"
)
_BEARER = re.compile(r"(?i)\b(?:bearer|basic)\s+\S{8,}")
# Beginnings of keys as their makers document them (GitHub, Hugging Face, OpenAI, AWS, GitLab, Slack, JWT).
_KEY = re.compile(r"^(?:gh[a-z]_|github_pat_|hf_|sk-|AKIA|ASIA|glpat-|xox[a-z]-|eyJ)")
# Inside a token these make it a path, an address, an assignment, an e-mail address or a pair.
_TELLING = re.compile(r"[/\\@=~$%&|:;#+*]")
# Letters with at most three digits behind them: words, class names, options, "fp16", "resnet50". Not a hash, a date, a
# version or a host (whose dots stand between short parts).
_NAME = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*\d{0,3}(?:bit)?")
_LONGEST = 32
_EDGES = ".,;:!?()[]{}<>\"'`…"


def question_of_run(
    errors: Sequence[str], symptom: str, terms: Sequence[str], setting: Sequence[str], corpus: Corpus
) -> Question:
    """The question for a run. `errors` and `symptom` are text of the run and are cut down to public words; `terms`
    (labels of phenomena and modes) and `setting` (of framework and model type) are misrun's own words already."""
    public = public_words(corpus)
    told = _words(" ".join(errors) or symptom, lambda word: word.lower() in public)
    own = _words(" ".join(terms))
    where = _words(" ".join(setting))
    threads = told[: _THREAD_WORDS - len(where[:1])] or own
    return Question(threads=_join((*where[:1], *threads), _THREAD_WORDS), papers=_join((*own, *where), _PAPER_WORDS))


def question_typed(text: str) -> Question:
    """The question somebody typed; empty where nothing in it may be sent."""
    words = _words(text)
    return Question(threads=_join(words, _THREAD_WORDS), papers=_join(words, _PAPER_WORDS))


def public_words(corpus: Corpus) -> frozenset[str]:
    """Lower-case words that occur in at least _PUBLIC entries of a corpus that everybody has."""
    counts: Counter[str] = Counter()
    for entry in corpus.entries:
        counts.update({word.lower() for word in _words(wording(entry), most=None)})
    return frozenset(word for word, count in counts.items() if count >= _PUBLIC)


def _words(text: str, allowed: Callable[[str], object] = bool, most: int | None = _MOST_CHARACTERS) -> list[str]:
    for pattern in (_QUOTED, _SECRET_AFTER, _BEARER):
        text = pattern.sub(" ", text[:most])
    return [word for token in text.split() if (word := _word(token)) and allowed(word)]


def _word(token: str) -> str:
    """The word of a token, or an empty text where it is none or tells something of its owner."""
    inner = token.strip(_EDGES)
    if len(inner) > _LONGEST or _TELLING.search(inner) or _KEY.match(inner) or not _NAME.fullmatch(inner):
        return ""
    return "" if inner.lower() in STOP_WORDS else inner


def _join(words: Iterable[str], most: int) -> str:
    """The words once each, in order."""
    once = {word.lower(): word for word in reversed(tuple(words))}
    return " ".join(list(reversed(once.values()))[:most])
