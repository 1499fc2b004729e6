"""The user's own documents in an investigation: shown beside what was concluded, quoted, and nothing rests on them."""

from pathlib import Path

from misrun.agents.applicability import CLOSE
from misrun.agents.characterization import Characterization
from misrun.agents.literature import error_lines
from misrun.knowledge.embedder import EmbedderMissing, default_embedder
from misrun.knowledge.evidence import BEYOND, Evidence
from misrun.knowledge.own_documents import OwnDamaged, OwnHit, exists, opened
from misrun.tools.readers.run_record import RunRecord

# A handful of those as near as an entry of another failure mode has to be to be shown (applicability.py).
_SHOWN = 4


def search_own(characterization: Characterization, run: RunRecord, home: Path) -> tuple[tuple[Evidence, ...], str]:
    """The documents nearest to the error, or else the symptom, and a note where they could not be searched. The query
    stays on this machine, so it is the run's own wording."""
    query = " ".join(error_lines(run)[:1]) or characterization.symptom.value or ""
    if not query or not exists(home):
        return (), ""
    try:
        embedder = default_embedder()
    except EmbedderMissing:
        embedder = None
    try:
        with opened(home) as own:
            hits = own.search(query, _SHOWN, embedder)
    except OwnDamaged as error:
        return (), f"your own documents were not searched: {error}"
    return tuple(_evidence(hit, query) for hit in hits if hit.score >= CLOSE), ""


def _evidence(hit: OwnHit, query: str) -> Evidence:
    return Evidence(
        id=hit.id,
        kind="own document",
        url=hit.url,
        title=hit.title,
        year=0,
        level=BEYOND,
        query=query,
        score=hit.score,
        modes=(),
        problem=hit.excerpt,
        cause="",
        fix="",
        verify="",
        strength="claimed",
        applicability="low",
        why=f"one of your own documents; similarity {hit.score:.2f} to the error or symptom.",
        origin="own",
    )
