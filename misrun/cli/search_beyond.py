"""What `misrun search` finds outside the shipped corpus: the user's own documents, and on --online the live sources."""

from typing import TYPE_CHECKING, NamedTuple

import typer

if TYPE_CHECKING:
    from misrun.knowledge.sources.ask import Ranked


class Row(NamedTuple):
    """One line of the answer. `level` is 0 for what stands outside the four levels; `mark` tells where it is from."""

    id: str
    url: str
    title: str
    level: int
    score: float
    text: str
    mark: str = ""


def own_rows(query: str, limit: int) -> list[Row]:
    """The user's own documents; nothing is made or opened where none were added."""
    from misrun.knowledge.embedder import EmbedderMissing, default_embedder
    from misrun.knowledge.evidence import BEYOND
    from misrun.knowledge.own_documents import OwnDamaged, exists, opened
    from misrun.tools.home import misrun_home

    if not exists(misrun_home()):
        return []
    try:
        embedder = default_embedder()
    except EmbedderMissing:
        embedder = None
    try:
        with opened(misrun_home()) as own:
            hits = own.search(query, limit, embedder)
    except OwnDamaged as error:
        typer.echo(f"misrun: your own documents were not searched: {error}", err=True)
        return []
    return [Row(hit.id, hit.url, hit.title, BEYOND, hit.score, hit.excerpt, "yours") for hit in hits]


def live_rows(query: str, limit: int) -> list[Row]:
    """What the live sources say; a word on each of them goes to standard error."""
    from misrun.knowledge.sources.ask import ask_all
    from misrun.knowledge.sources.question import question_typed
    from misrun.knowledge.sources.registry import all_sources, open_web
    from misrun.tools.home import misrun_home

    outcome = ask_all(question_typed(query), all_sources(open_web(misrun_home())))
    for note in outcome.notes:
        typer.echo(f"misrun: {note}", err=True)
    return [_live_row(item) for item in outcome.results[:limit]]


def _live_row(item: "Ranked") -> Row:
    from misrun.knowledge.evidence import BEYOND

    result = item.result
    mark = f"live, {result.source}, unchecked" + (
        f", {result.licence}, {', '.join(result.authors)}" * bool(result.licence)
    )
    return Row(f"live-{result.url}", result.url, result.title, BEYOND, item.score, result.answer or result.text, mark)
