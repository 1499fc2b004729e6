"""BM25 over the corpus: finds exact wordings (error names, option names) that an embedder blurs.

Okapi BM25 as in Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond",
doi:10.1561/1500000019, section 3.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping

# Defaults of the source named above (k1 between 1.2 and 2, b between 0.5 and 0.8).
_K1 = 1.2
_B = 0.75

_WORD = re.compile(r"[a-z]+[0-9]*|[0-9]+")
_COMPOUND = re.compile(r"[a-z0-9]+(?:[_.][a-z0-9]+)+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
# Words that say nothing about what a text is about.
STOP_WORDS = frozenset(
    (
        *(
            "a",
            "an",
            "and",
            "are",
            "as",
            "at",
            "be",
            "but",
            "by",
            "for",
            "from",
            "has",
            "have",
            "i",
            "if",
            "in",
            "into",
        ),
        *("is", "it", "its", "my", "of", "on", "or", "so", "that", "the", "then", "there", "this", "to", "was", "we"),
        *("when", "which", "will", "with", "you", "your"),
    )
)
# Longest first. A word keeps at least three letters, so that "loss" and "bias" stay whole.
_SUFFIXES = ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "e")
# Pasted logs run to megabytes; what a query is about stands in its first lines.
_MAX_CHARACTERS = 20_000


def terms(text: str) -> list[str]:
    """Stemmed words of `text`, and dotted or underscored names also as a whole (`cuda_oom`, `torch.cuda`)."""
    text = text[:_MAX_CHARACTERS]
    whole = _COMPOUND.findall(text.lower())
    parts = (stem(word) for word in _WORD.findall(_CAMEL.sub(" ", text).lower()) if word not in STOP_WORDS)
    return [*parts, *whole]


def stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            return word[: -len(suffix)]
    return word


class LexicalIndex:
    """BM25 scores of documents, each named by a key."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        counts = {key: Counter(terms(text)) for key, text in documents.items()}
        self._lengths = {key: sum(count.values()) for key, count in counts.items()}
        self._average = sum(self._lengths.values()) / max(1, len(counts))
        self._postings: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for key, count in counts.items():
            for term, frequency in count.items():
                self._postings[term].append((key, frequency))

    def scores(self, query: str) -> dict[str, float]:
        """Score 0..1 of each document that shares a term with the query: BM25 divided by what a document that holds
        every term of the query countless times would get. Words the corpus does not know count in the divisor: a query
        made of them is about something else."""
        wanted = list(dict.fromkeys(terms(query)))
        found: dict[str, float] = defaultdict(float)
        for term in wanted:
            weight = self._weight(term)
            for key, frequency in self._postings.get(term, ()):
                norm = _K1 * (1 - _B + _B * self._lengths[key] / self._average)
                found[key] += weight * frequency / (frequency + norm)
        best = sum(self._weight(term) for term in wanted)
        return {key: score / best for key, score in found.items()}

    def _weight(self, term: str) -> float:
        """Inverse document frequency, kept positive by the + 1 that Lucene adds."""
        present = len(self._postings.get(term, ()))
        return math.log(1 + (len(self._lengths) - present + 0.5) / (present + 0.5))
