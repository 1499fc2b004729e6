"""The ontology: the field's terms with their synonyms, and the analogies between fields (`ontology.yaml`)."""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, get_args

from misrun.knowledge.lexical import STOP_WORDS, stem
from misrun.tools.diagnosis.taxonomy import MODES
from misrun.tools.record import Record

ONTOLOGY_FILE = Path(__file__).with_name("ontology.yaml")
TermKind = Literal["frameworks", "model_types", "techniques", "phenomena"]

_WORD = re.compile(r"[A-Za-z]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
# Logs are pasted whole; what they are about is told by their beginning.
_MAX_CHARACTERS = 100_000


class Term(Record):
    """One term. `within` is what a framework is built on or a model type is a kind of. `modes` and `pattern` belong to
    phenomena; `field` names the other field a phenomenon comes from."""

    id: str
    kind: TermKind
    synonyms: tuple[str, ...] = ()
    within: str = ""
    modes: tuple[str, ...] = ()
    pattern: str = ""
    field: str = ""

    @property
    def label(self) -> str:
        return self.id.replace("_", " ")

    @property
    def described(self) -> str:
        """A phenomenon as a query: its name, its field where that is another one, and what happens."""
        return f"{self.label} {self.field}".strip() + f": {self.pattern}"


class Analogy(Record):
    """Phenomena that are one pattern in several fields: what carries over between them, and where that ends."""

    between: tuple[str, ...]
    carries: str
    breaks: str


class Wording(Record):
    """What people say in everyday words, and the words the field has for it."""

    means: str
    said: tuple[str, ...]


class Ontology(Record):
    """All terms by id, the analogies, and the everyday wordings. Ids are unique over all kinds."""

    terms: dict[str, Term]
    analogies: tuple[Analogy, ...]
    wordings: tuple[Wording, ...] = ()

    def terms_in(self, text: str, kind: TermKind | None = None) -> tuple[Term, ...]:
        """Terms that `text` names by id or synonym, in the order of their first mention; the longest wording wins."""
        words = _words(text[:_MAX_CHARACTERS])
        stems = [stem(word) for word in words]
        found: dict[str, Term] = {}
        position = 0
        while position < len(words):
            size, terms = self._at(words, stems, position)
            found.update({term.id: term for term in terms if kind is None or term.kind == kind})
            position += size
        return tuple(found.values())

    def said_otherwise(self, text: str) -> str:
        """The words of the field for what `text` says in everyday words; empty when it says nothing of the kind."""
        stems = tuple(stem(word) for word in _words(text[:_MAX_CHARACTERS]))
        spans = (stems[i : i + size] for i in range(len(stems)) for size in self._said_sizes)
        return " ".join(dict.fromkeys(self._said[span] for span in spans if span in self._said))

    def synonyms_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Everything the terms of these names are also called; names that are no terms have no synonyms."""
        return tuple(text for name in names if name in self.terms for text in self.terms[name].synonyms)

    def lineage(self, name: str) -> tuple[str, ...]:
        """The term and all it lies within, nearest first; an unknown name stands alone."""
        found = [name]
        while (term := self.terms.get(found[-1])) and term.within:
            found.append(term.within)
        return tuple(found)

    def phenomena_of(self, modes: Iterable[str]) -> tuple[Term, ...]:
        """Phenomena that show in these failure modes, those of the first mode first."""
        terms = [term for mode in modes for term in self.terms.values() if mode in term.modes]
        return tuple(dict.fromkeys(terms))

    def analogies_of(self, phenomenon: str) -> tuple[Analogy, ...]:
        """Analogies in which the phenomenon takes part."""
        return tuple(analogy for analogy in self.analogies if phenomenon in analogy.between)

    def _at(self, words: list[str], stems: list[str], position: int) -> tuple[int, tuple[Term, ...]]:
        """How many words are used up at that position, and the terms they name (PPO is a technique and a kind of
        policy); exact words go before inflected ones, so that
        "transformers" is the library and "transformer" the architecture."""
        for size in range(min(self._longest, len(words) - position), 0, -1):
            part = slice(position, position + size)
            if terms := self._wordings.get(tuple(words[part])) or self._wordings.get(tuple(stems[part])):
                return size, terms
        return 1, ()

    @cached_property
    def phenomena_described(self) -> tuple[str, ...]:
        """Every phenomenon in an analogy, as a query."""
        named = {end for analogy in self.analogies for end in analogy.between}
        return tuple(self.terms[name].described for name in sorted(named))

    @cached_property
    def _wordings(self) -> dict[tuple[str, ...], tuple[Term, ...]]:
        exact: dict[tuple[str, ...], list[Term]] = defaultdict(list)
        inflected: dict[tuple[str, ...], list[Term]] = defaultdict(list)
        for term in self.terms.values():
            for text in (term.label, *term.synonyms):
                words = _words(text)
                exact[tuple(words)].append(term)
                inflected[tuple(map(stem, words))].append(term)
        return {words: tuple(dict.fromkeys(terms)) for words, terms in (inflected | exact).items()}

    @cached_property
    def _said(self) -> dict[tuple[str, ...], str]:
        return {tuple(map(stem, _words(said))): wording.means for wording in self.wordings for said in wording.said}

    @cached_property
    def _said_sizes(self) -> tuple[int, ...]:
        return tuple(sorted({len(span) for span in self._said}))

    @cached_property
    def _longest(self) -> int:
        return max(len(wording) for wording in self._wordings)


def _words(text: str) -> list[str]:
    words = _WORD.findall(_CAMEL.sub(" ", text).lower())
    return [word for word in words if word not in STOP_WORDS]


@lru_cache(maxsize=4)
def load_ontology(file: Path = ONTOLOGY_FILE) -> Ontology:
    """The ontology of `file`. Raises ValueError for an unknown mode, a term twice, or an analogy of unknown terms:
    the file is ours, so a slip in it is a programmer's error."""
    import yaml

    # The C loader reads the file in 5 ms instead of 40; it is missing where PyYAML was built without libyaml.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(file.read_text(encoding="utf-8"), loader)
    rows = [(kind, id_, fields or {}) for kind in get_args(TermKind) for id_, fields in content[kind].items()]
    terms = {id_: Term(id=id_, kind=kind, **fields) for kind, id_, fields in rows}
    if len(terms) != len(rows):
        raise ValueError(f"{file.name}: a term occurs twice")
    ontology = Ontology(
        terms=terms,
        analogies=tuple(Analogy(**row) for row in content["analogies"]),
        wordings=tuple(Wording(**row) for row in content["wordings"]),
    )
    if problems := _problems(ontology):
        raise ValueError(f"{file.name}: {'; '.join(problems)}")
    return ontology


def _problems(ontology: Ontology) -> list[str]:
    modes = [f"{t.id} names the unknown mode {m}" for t in ontology.terms.values() for m in t.modes if m not in MODES]
    named = {end for analogy in ontology.analogies for end in analogy.between}
    named |= {term.within for term in ontology.terms.values() if term.within}
    return modes + [f"the term {name} is named and not there" for name in sorted(named) if name not in ontology.terms]
