"""Four levels of search, each wider than the one before.

1 the symptom with framework and model type; 2 the technique with the failure mode, whatever the framework; 3 the
phenomenon across domains; 4 the same pattern in other fields.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
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
# What it counts, beside its cosine with the text, that a phenomenon is named or shows in a leading mode (a judgement).
_SHOWN = 0.3
# Cosine from which an analogy fits a text that shows none of its phenomena: 15 of the 18 development queries of level 4
# reach 0.38, while a sentence about a sales report comes to 0.23.
_FITS = 0.35
# Share of the counterpart's own cosine beside that of the nearest end of its analogy (a judgement).
_OWN_SHARE = 0.3

# How near each of some texts is to one text (`KnowledgeIndex.fit`).
Fit = Callable[[str, Sequence[str]], Sequence[float]]


def queries(
    symptom: str,
    ontology: Ontology,
    *,
    errors: Sequence[str] = (),
    modes: Sequence[str] = (),
    frameworks: Sequence[str] = (),
    model_types: Sequence[str] = (),
    techniques: Sequence[str] = (),
    fit: Fit | None = None,
) -> dict[Level, tuple[str, ...]]:
    """What to ask at each level. `modes` are taxonomy ids, likeliest first; the other names are ontology ids.

    What is not given is read off the symptom and the errors with the ontology. With `fit`, level 4 takes the analogies
    that fit the text best, else those of the phenomena shown. A level with nothing to add is empty.
    """
    text = " ".join((symptom, *errors))
    named = [ontology.terms[name].label for name in (*frameworks, *model_types) if name in ontology.terms]
    used = _terms(ontology, techniques, ontology.terms_in(text, "techniques"))
    shown = _terms(ontology, (), (*ontology.terms_in(text, "phenomena"), *ontology.phenomena_of(modes)))
    wide: dict[Level, Iterable[str]] = {
        1: [" ".join((part, *named)) for part in (symptom, *errors) if part.strip()],
        2: _technique_queries(used, shown, modes),
        3: [term.described for term in shown if not term.field],
        4: [term.described for term in _counterparts(text, shown, ontology, fit)],
    }
    return {level: _bounded(wide[level]) for level in LEVELS}


def wider(text: str, level: Level, ontology: Ontology, fit: Fit | None = None) -> tuple[str, ...]:
    """What a level asks besides a bare text. Levels 2 and 3 add to it what the ontology knows of the techniques,
    failures and phenomena it names; level 4 asks for their counterparts in other fields. Level 1 adds nothing."""
    if level == 1:
        return ()
    modes = [mode for term in ontology.terms_in(text, "phenomena") for mode in term.modes]
    found = queries(text, ontology, modes=modes[:1], fit=fit)[level]
    return _bounded(found if level == 4 else (f"{text} {addition}" for addition in found))


def search_level(
    index: KnowledgeIndex,
    level: Level,
    query: str,
    limit: int = 10,
    *,
    modes: Collection[str] = (),
    exclude: Collection[str] = (),
    also: Sequence[str] = (),
) -> list[Hit]:
    """The best entries for one query of one level, without those excluded; `also` holds further wordings of it.

    Level 2 is about a failure mode: with `modes`, it looks among the entries filed under one of them. Level 4 looks
    among the entries from other fields: for the rest the narrower levels have asked already.
    """
    among = _among(index.corpus, level, frozenset(modes))
    if exclude:
        among = (frozenset(index.corpus.by_id) if among is None else among).difference(exclude)
    return index.search(query[:_MAX_QUERY], limit, among, also=also)


def search_text(
    index: KnowledgeIndex, text: str, levels: Collection[Level], ontology: Ontology, limit: int = 10
) -> list[tuple[Level, Hit]]:
    """The best entries for a bare text over some levels, each at the level where it scores highest."""
    best: dict[str, tuple[Level, Hit]] = {}
    for level in levels:
        for hit in search_level(index, level, text, limit, also=wider(text, level, ontology, index.fit)):
            if hit.id not in best or best[hit.id][1].score < hit.score:
                best[hit.id] = (level, hit)
    return sorted(best.values(), key=lambda item: (-item[1].score, item[1].id))[:limit]


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


def _counterparts(text: str, shown: list[Term], ontology: Ontology, fit: Fit | None) -> list[Term]:
    """The other ends of the analogies that fit best, or of all that the shown phenomena take part in."""
    here = {term.id for term in shown}
    if fit is None or not text.strip():
        ends = [end for term in shown for analogy in ontology.analogies_of(term.id) for end in analogy.between]
        return [ontology.terms[end] for end in dict.fromkeys(ends) if end not in here]
    names = sorted({end for analogy in ontology.analogies for end in analogy.between})
    near = dict(zip(names, fit(text, ontology.phenomena_described), strict=True))
    closeness: dict[str, float] = {}
    for analogy in ontology.analogies:
        nearest = max(near[end] + _SHOWN * (end in here) for end in analogy.between)
        if nearest < _FITS and here.isdisjoint(analogy.between):
            continue
        for end in (end for end in analogy.between if end not in here):
            closeness[end] = max(closeness.get(end, 0.0), nearest + _OWN_SHARE * near[end])
    best = sorted(closeness, key=lambda end: (-closeness[end], end))
    return [ontology.terms[end] for end in best]


def _bounded(texts: Iterable[str]) -> tuple[str, ...]:
    wanted = (text.strip()[:_MAX_QUERY] for text in texts)
    return tuple(dict.fromkeys(text for text in wanted if text))[:_MAX_QUERIES]
