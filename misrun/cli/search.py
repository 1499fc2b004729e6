"""`misrun search`: ask the knowledge index."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from misrun.cli.output import fail
from misrun.cli.search_beyond import Row, live_rows, own_rows

if TYPE_CHECKING:
    from misrun.knowledge.corpus import Corpus
    from misrun.knowledge.index import Hit
    from misrun.knowledge.levels import Level

    Found = list[tuple[Level, Hit]]

LevelName = Literal["1", "2", "3", "4", "all"]


def search_command(
    query: Annotated[str, typer.Argument(help="What you see: an error message, a symptom, a question.")],
    level: Annotated[
        LevelName,
        typer.Option(help="1 the exact words, 2 technique and failure, 3 the phenomenon, 4 other fields, or all."),
    ] = "all",
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: id, url, title, level, score.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many entries.")] = 10,
    online: Annotated[
        bool,
        typer.Option("--online", help="Ask arXiv, GitHub, Stack Overflow and others, too: the query is sent to them."),
    ] = False,
) -> None:
    """Search papers, issues and threads about failed training runs."""
    from misrun.knowledge.index import open_index
    from misrun.knowledge.levels import LEVELS, search_text
    from misrun.knowledge.ontology import load_ontology

    if not query.strip():
        fail('The query is empty. Give an error message or a symptom, for instance "loss becomes nan with fp16".')
    index = open_index()
    for note in index.notes:
        typer.echo(f"misrun: {note}", err=True)
    asked = [number for number in LEVELS if level in ("all", str(number))]
    found = search_text(index, query, asked, load_ontology(), limit)
    index.close()
    own = own_rows(query, limit) if 1 in asked else []
    rows = sorted([*_shipped(found, index.corpus), *own], key=lambda row: (-row.score, row.id))[:limit]
    rows += live_rows(query, limit) if online else []
    if json_output:
        sys.stdout.write(json.dumps([_contract(row) for row in rows], ensure_ascii=False, indent=2) + "\n")
    else:
        _print_table(rows)


def _shipped(found: "Found", corpus: "Corpus") -> list[Row]:
    entries = ((level, hit, corpus.by_id[hit.id]) for level, hit in found)
    return [Row(e.id, e.url, e.title, level, hit.score, e.fix) for level, hit, e in entries]


def _contract(row: Row) -> dict[str, str | int | float]:
    return {"id": row.id, "url": row.url, "title": row.title, "level": row.level, "score": row.score}


def _print_table(rows: list[Row]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if not rows:
        console.print("Nothing found.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("score", "level", "what"):
        table.add_column(name, justify="left" if name == "what" else "right", overflow="fold")
    for row in rows:
        mark = f" [dim]({escape(row.mark)})[/dim]" if row.mark else ""
        what = f"[bold]{escape(row.title)}[/bold]{mark}\n{escape(row.text)}\n{escape(row.url)}"
        table.add_row(f"{row.score:.2f}", str(row.level) if row.level else "", what)
    console.print(table)
