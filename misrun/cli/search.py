"""`misrun search`: ask the knowledge index."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from misrun.knowledge.corpus import Corpus
    from misrun.knowledge.index import Hit, KnowledgeIndex

    Found = list[tuple[int, Hit]]

LevelName = Literal["1", "2", "3", "4", "all"]


def search_command(
    query: Annotated[str, typer.Argument(help="What you see: an error message, a symptom, a question.")],
    level: Annotated[
        LevelName,
        typer.Option(help="1 the exact words, 2 technique and failure, 3 the phenomenon, 4 other fields, or all."),
    ] = "all",
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: id, url, title, level, score.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many entries.")] = 10,
) -> None:
    """Search papers, issues and threads about failed training runs."""
    from misrun.knowledge.index import open_index

    if not query.strip():
        fail('The query is empty. Give an error message or a symptom, for instance "loss becomes nan with fp16".')
    index = open_index()
    for note in index.notes:
        typer.echo(f"misrun: {note}", err=True)
    found = search_levels(index, query, level, limit)
    index.close()
    if json_output:
        sys.stdout.write(json.dumps(_rows(found, index.corpus), ensure_ascii=False, indent=2) + "\n")
    else:
        _print_table(found, index.corpus)


def search_levels(index: "KnowledgeIndex", query: str, level: str, limit: int) -> "Found":
    """The best entries over all queries of the level (or levels), each at the level where it scores highest."""
    from misrun.knowledge.levels import LEVELS, derive, search_level
    from misrun.knowledge.ontology import load_ontology

    best: dict[str, tuple[int, Hit]] = {}
    for number in LEVELS if level == "all" else [n for n in LEVELS if str(n) == level]:
        for text in derive(query, number, load_ontology()):
            for hit in search_level(index, number, text, limit):
                if hit.id not in best or best[hit.id][1].score < hit.score:
                    best[hit.id] = (number, hit)
    return sorted(best.values(), key=lambda item: (-item[1].score, item[1].id))[:limit]


def _rows(found: "Found", corpus: "Corpus") -> list[dict[str, str | int | float]]:
    entries = [(level, hit, corpus.by_id[hit.id]) for level, hit in found]
    return [
        {"id": e.id, "url": e.url, "title": e.title, "level": level, "score": hit.score} for level, hit, e in entries
    ]


def _print_table(found: "Found", corpus: "Corpus") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if not found:
        console.print("Nothing found.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("score", "level", "what"):
        table.add_column(name, justify="left" if name == "what" else "right", overflow="fold")
    for level, hit in found:
        entry = corpus.by_id[hit.id]
        what = f"[bold]{escape(entry.title)}[/bold]\n{escape(entry.fix)}\n{escape(entry.url)}"
        table.add_row(f"{hit.score:.2f}", str(level), what)
    console.print(table)
