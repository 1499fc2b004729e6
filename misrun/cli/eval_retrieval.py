"""`misrun eval retrieval`: how well the knowledge index answers labelled queries."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from misrun.evals.retrieval import Quality
    from misrun.evals.retrieval_timing import Timing

# Scores at which the last table shows how relevant entries and others part.
_BOUNDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)


def retrieval_command(
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    timing: Annotated[bool, typer.Option("--timing", help="Measure the first search and later ones as well.")] = False,
    domains: Annotated[bool, typer.Option("--domains", help="Show every domain of the corpus too.")] = False,
) -> None:
    """Recall, nDCG and MRR per level and domain, against BM25 alone and the dense model alone.

    Weights were chosen on the half "dev" of the queries; "held" is what may be quoted.
    """
    from misrun.evals.retrieval import evaluate, load_queries, separation
    from misrun.evals.retrieval_timing import measure
    from misrun.knowledge.index import open_index

    index = open_index()
    for note in index.notes:
        typer.echo(f"misrun: {note}", err=True)
    queries = load_queries()
    found = evaluate(index, queries)
    parted = separation(index, queries, _BOUNDS)
    times = measure(index, [query.query for query in queries]) if timing else None
    corpus = {"entries": len(index.corpus.entries), "snapshot": index.corpus.snapshot}
    index.close()
    if json_output:
        rows = [row.model_dump() for row in found]
        content = {**corpus, "results": rows, "separation": parted, "timing": times and times.model_dump()}
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
        return
    typer.echo(f"{corpus['entries']} entries, {len(queries)} queries")
    _print(found, domains)
    for bound, relevant, others in parted:
        typer.echo(f"score >= {bound:.2f}: {relevant:.3f} of the relevant, {others:.3f} of the others (dev)")
    if times:
        _print_times(times)


def _print(found: "list[Quality]", domains: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = [row for row in found if domains or row.group == "all" or row.group.startswith("level ")]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("half", "group", "n", "system", *shown[0].measures):
        table.add_column(name, no_wrap=True)
    for row in sorted(shown, key=lambda row: (row.half, row.group)):
        values = (f"{row.measures[name]:.3f}" if name in row.measures else "-" for name in shown[0].measures)
        table.add_row(row.half, row.group, str(row.queries), row.system, *values)
    Console().print(table)


def _print_times(times: "Timing") -> None:
    typer.echo(f"first search of a process, imports included: median {times.first_seconds:.2f} s")
    typer.echo(f"later queries: {times.in_words}")
