"""Checks the corpus for what the record type cannot see: `python -m misrun.knowledge.check_corpus`.

The type guarantees fields and their types. Here: ids and addresses that are unique and well formed, modes that the
taxonomy knows, no empty text, and no two entries that say the same.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from misrun.knowledge.corpus import load_corpus
from misrun.knowledge.entry import KnowledgeEntry
from misrun.tools.diagnosis.taxonomy import HEALTHY, MODES, UNKNOWN

DOMAINS = frozenset(
    [
        "optimization",
        "precision",
        "memory",
        "distributed",
        "data",
        "tokenizers_llm",
        "fine_tuning",
        "checkpoints_frameworks",
        "vision",
        "generative",
        "reinforcement_learning",
        "evaluation",
        "sequence_models",
        "language_models",
        "graphs",
        "analogies",
    ]
)
# Modes an entry can speak about: nobody writes down the fix for "unknown" or "healthy".
SPOKEN_MODES = frozenset(MODES) - {UNKNOWN, HEALTHY}

# Words per shingle, and the share of shared shingles from which two texts count as one (resemblance of w-shingles,
# Broder 1997, "On the resemblance and containment of documents"). Measured on 294 entries: the most alike pair reaches
# 0.06, and of copies with every fifth word changed 95 % stay above 0.18.
_SHINGLE_WORDS = 3
_TOO_ALIKE = 0.15

# The first artificial neuron (McCulloch and Pitts) is of 1943: an earlier year is a slip of the pen.
_FIRST_YEAR = 1943

_TERM = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"https?://[\w.-]+\.\w+(:\d+)?(/\S*)?")
_GITHUB_THREAD = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull|discussions)/\d+")
_ARXIV_ABSTRACT = re.compile(r"https://arxiv\.org/abs/\d{4}\.\d{4,5}")


def check(entries: Sequence[KnowledgeEntry]) -> list[str]:
    """Everything that is wrong with the entries, one sentence each; empty when nothing is."""
    alone = [f"{entry.id}: {problem}" for entry in entries for problem in _problems_of(entry)]
    return [*alone, *_repeated(entries), *_near_duplicates(entries)]


def _problems_of(entry: KnowledgeEntry) -> Iterator[str]:
    yield from _empty_fields(entry)
    kind, _, slug = entry.id.partition("-")
    if kind != entry.kind or not _SLUG.fullmatch(slug):
        yield f"the id is not {entry.kind}-<slug>"
    if entry.domain not in DOMAINS:
        yield f"unknown domain {entry.domain}"
    if not _FIRST_YEAR <= entry.year <= date.today().year:
        yield f"year {entry.year} cannot be"
    yield from (f"unknown mode {mode}" for mode in entry.modes if mode not in SPOKEN_MODES)
    terms = (*entry.frameworks, *entry.model_types, *entry.techniques, *entry.phenomena)
    yield from (f"{term!r} is not a snake_case term" for term in terms if not _TERM.fullmatch(term))
    if not _address_fits(entry):
        yield f"{entry.url} is not the address of a source of kind {entry.kind}"


def _empty_fields(entry: KnowledgeEntry) -> Iterator[str]:
    for name in ("title", "problem", "cause", "fix", "verify"):
        if not getattr(entry, name).strip():
            yield f"{name} is empty"
    if not entry.modes:
        yield "no mode"
    if not entry.symptoms or not all(symptom.strip() for symptom in entry.symptoms):
        yield "no symptom, or an empty one"
    if not all(key.strip() and value.strip() for key, value in entry.settings.items()):
        yield "an empty setting"


def _address_fits(entry: KnowledgeEntry) -> bool:
    """Issues are GitHub threads; an arXiv paper is cited by its abstract page without a version, so that the same
    paper cannot come in twice."""
    if entry.kind == "issue":
        return bool(_GITHUB_THREAD.fullmatch(entry.url))
    if "arxiv.org" in entry.url:
        return bool(_ARXIV_ABSTRACT.fullmatch(entry.url))
    return bool(_ADDRESS.fullmatch(entry.url))


def _repeated(entries: Sequence[KnowledgeEntry]) -> list[str]:
    # GitHub serves one thread under /issues/ and /pull/, whatever the case of owner and name.
    addresses = (entry.url.lower().rstrip("/").replace("/pull/", "/issues/") for entry in entries)
    seen = {
        "id": Counter(entry.id for entry in entries),
        "address": Counter(addresses),
        # One paper has many addresses; issues may well share a title.
        "paper title": Counter(entry.title.lower() for entry in entries if entry.kind == "paper"),
    }
    return [f"{what} {key} occurs {n} times" for what, counts in seen.items() for key, n in counts.items() if n > 1]


def _near_duplicates(entries: Sequence[KnowledgeEntry]) -> list[str]:
    shingles = [_shingles(f"{entry.problem} {entry.cause} {entry.fix}") for entry in entries]
    found = []
    for (left, right), shared in _shared_shingles(shingles).items():
        likeness = shared / (len(shingles[left]) + len(shingles[right]) - shared)
        if likeness >= _TOO_ALIKE:
            found.append(f"{entries[left].id} and {entries[right].id} say nearly the same ({likeness:.2f})")
    return found


def _shingles(text: str) -> frozenset[str]:
    words = _WORD.findall(text.lower())
    return frozenset(" ".join(words[i : i + _SHINGLE_WORDS]) for i in range(len(words) - _SHINGLE_WORDS + 1))


def _shared_shingles(shingles: Sequence[frozenset[str]]) -> Counter[tuple[int, int]]:
    """For every pair of texts with a shingle in common, how many they share. Pairs without one are never looked at."""
    texts_with = defaultdict[str, list[int]](list)
    for number, own in enumerate(shingles):
        for shingle in own:
            texts_with[shingle].append(number)
    return Counter((a, b) for texts in texts_with.values() for i, a in enumerate(texts) for b in texts[i + 1 :])


def main() -> int:
    """Print every problem of the packaged corpus; exit status 1 if there is one."""
    corpus = load_corpus()
    problems = [*corpus.notes, *check(corpus.entries)]
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"{len(corpus.entries)} entries, {len(problems)} problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
