"""Live sources, asked on request only: what they say about this run's failure, shown beside what was concluded.

What comes back was written by anybody and read by nobody here, so it is quoted and marked, and no hypothesis, step or
citation rests on it.
"""

from collections.abc import Sequence

from misrun.agents.characterization import Characterization
from misrun.agents.literature import error_lines, leading_modes
from misrun.knowledge.corpus import load_corpus
from misrun.knowledge.evidence import BEYOND, Evidence
from misrun.knowledge.ontology import Ontology
from misrun.knowledge.sources.ask import Ranked, ask_all
from misrun.knowledge.sources.question import question_of_run
from misrun.knowledge.sources.source import Question, Source
from misrun.tools.diagnosis.hypothesis import Hypothesis
from misrun.tools.readers.run_record import RunRecord

# As many as the literature agent hands on at most (literature.py): a reader compares a handful.
_SHOWN = 8
# Phenomena and modes named in the question for papers: of more, each paper would have to be about all of them.
_TERMS = 2


def search_live(
    characterization: Characterization,
    hypotheses: Sequence[Hypothesis],
    run: RunRecord,
    sources: Sequence[Source],
    ontology: Ontology,
) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """What the sources found, nearest first, and one note per source."""
    question = _question(characterization, leading_modes(hypotheses), run, ontology)
    outcome = ask_all(question, sources)
    evidence = tuple(_evidence(item, question) for item in outcome.results[:_SHOWN])
    return evidence, outcome.notes


def _question(characterization: Characterization, modes: Sequence[str], run: RunRecord, ontology: Ontology) -> Question:
    errors, symptom = error_lines(run)[:1], characterization.symptom.value or ""
    told = ontology.terms_in(" ".join((symptom, *errors)), "phenomena")
    named = [term.label for term in (*told, *ontology.phenomena_of(modes))][:_TERMS]
    labels = named or [mode.split("/", 1)[-1].replace("_", " ") for mode in modes[:1]]
    setting = [name.replace("_", " ") for name in (*characterization.frameworks[:1], *characterization.model_types[:1])]
    # The shipped corpus and no other decides which words are public: an index may hold the user's own documents.
    return question_of_run(errors, symptom, labels, setting, load_corpus())


def _evidence(item: Ranked, question: Question) -> Evidence:
    result = item.result
    said = f"{result.source}, asked live; holds {item.score:.0%} of the words asked for; nobody here has read it"
    by = f" By {result.authors[0]}, {result.licence}." if result.licence and result.authors else ""
    return Evidence(
        id=f"live-{result.url}",
        kind=result.kind,
        url=result.url,
        title=result.title,
        year=result.year,
        level=BEYOND,
        query=question.papers if result.kind == "paper" else question.threads,
        score=item.score,
        modes=(),
        problem=result.text,
        cause="",
        fix=result.answer,
        verify="",
        strength="claimed",
        applicability="low",
        why=f"{said}.{by}",
        origin="live",
    )
