"""Four levels of search, each wider than the one before.

1 the symptom with framework and model type; 2 the technique with the failure mode, whatever the framework; 3 the
phenomenon across domains; 4 the same pattern in other fields.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, get_args

from misrun.knowledge.corpus import Corpus
from misrun.knowledge.index import Hit, KnowledgeIndex
from misrun.knowledge.ontology import Ontology, Term
from misrun.tools.diagnosis.taxonomy import MODES

Level = Literal[1, 2, 3, 4]
LEVELS: tuple[Level, ...] = get_args(Level)

# Longer pasted text says no more about what to look for, and the embedder reads 256 word pieces (about 1,200 letters).
_MAX_QUERY = 1_200
# Queries per level: of more, the later ones concern hypotheses that are unlikely or repeat the earlier.
_MAX_QUERIES = 4
# The domain of the corpus that holds material from other fields.
ANALOGY_DOMAIN = "analogies"


def queries(
    symptom: str,
    ontology: Ontology,
    *,
    errors: Sequence[str] = (),
    modes: Sequence[str] = (),
    frameworks: Sequence[str] = (),
    model_types: Sequence[str] = (),
    techniques: Sequence[str] = (),
) -> dict[Level, tuple[str, ...]]:
    """What to ask at each level. `modes` are taxonomy ids, likeliest first; the other names are ontology ids.

    What is not given is read off the symptom and the errors with the ontology. A level with nothing to add is empty.
    """
    text = " ".join((symptom, *errors))
    named = [ontology.terms[name].label for name in (*frameworks, *model_types) if name in ontology.terms]
    used = _terms(ontology, techniques, ontology.terms_in(text, "techniques"))
    shown = _terms(ontology, (), (*ontology.terms_in(text, "phenomena"), *ontology.phenomena_of(modes)))
    wide: dict[Level, Iterable[str]] = {
        1: [" ".join((part, *named)) for part in (symptom, *errors) if part.strip()],
        2: _technique_queries(used, shown, modes),
        3: [f"{term.label}: {term.pattern}" for term in shown if not term.field],
        4: _analogy_queries(shown, ontology),
    }
    return {level: _bounded(wide[level]) for level in LEVELS}


def derive(text: str, level: Level, ontology: Ontology) -> tuple[str, ...]:
    """The queries of one level for a bare text. Level 1 is the text itself. Levels 2 and 3 add to it what the ontology
    knows of the techniques, failures and phenomena it names; level 4 asks for their counterparts in other fields. Where
    the ontology knows no word of it, every level asks for the text, so that unknown words are looked for all the same.
    """
    modes = [mode for term in ontology.terms_in(text, "phenomena") for mode in term.modes]
    wider = queries(text, ontology, modes=modes[:1])[level] if level > 1 else ()
    if level < 4:
        wider = tuple(f"{text} {addition}" for addition in wider)
    return _bounded(wider or [text])


def search_level(
    index: KnowledgeIndex,
    level: Level,
    query: str,
    limit: int = 10,
    *,
    modes: Collection[str] = (),
    exclude: Collection[str] = (),
) -> list[Hit]:
    """The best entries for one query of one level, without those excluded.

    Level 2 is about a failure mode: with `modes`, it looks among the entries filed under one of them. Level 4 looks
    among the entries from other fields: for the rest the narrower levels have asked already.
    """
    among = _among(index.corpus, level, frozenset(modes))
    if exclude:
        among = (frozenset(index.corpus.by_id) if among is None else among).difference(exclude)
    return index.search(query, limit, among)


def _among(corpus: Corpus, level: Level, modes: frozenset[str]) -> frozenset[str] | None:
    if level == 4:
        return frozenset(entry.id for entry in corpus.entries if entry.domain == ANALOGY_DOMAIN)
    if level == 2 and modes:
        return frozenset(entry.id for entry in corpus.entries if not modes.isdisjoint(entry.modes))
    return None


def _terms(ontology: Ontology, names: Sequence[str], found: Sequence[Term]) -> list[Term]:
    return list(dict.fromkeys([*(ontology.terms[name] for name in names if name in ontology.terms), *found]))


def _technique_queries(used: list[Term], shown: list[Term], modes: Sequence[str]) -> list[str]:
    """The failure alone first: its mode's definition, else the phenomenon's name; then with the techniques in use."""
    failures = [_wording(mode) for mode in modes if mode in MODES] or [term.label for term in shown]
    together = [f"{term.label} {failure}" for failure in failures[:2] for term in used[:2]]
    return [*failures[:2], *together]


def _wording(mode: str) -> str:
    name = mode.split("/", 1)[1].replace("_", " ")
    return f"{name}: {MODES[mode].definition}"


def _analogy_queries(shown: list[Term], ontology: Ontology) -> list[str]:
    """The other ends of each analogy a phenomenon takes part in."""
    ends = [
        ontology.terms[end]
        for term in shown
        for analogy in ontology.analogies_of(term.id)
        for end in analogy.between
        if end != term.id
    ]
    return [f"{end.label} {end.field}: {end.pattern}" for end in ends]


def _bounded(texts: Iterable[str]) -> tuple[str, ...]:
    wanted = (text.strip()[:_MAX_QUERY] for text in texts)
    return tuple(dict.fromkeys(text for text in wanted if text))[:_MAX_QUERIES]
