"""`misrun batch`: many runs at once."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail
from misrun.evals.engines import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from misrun.batch.row import BatchRow
    from misrun.batch.work import Wanted


def batch_command(
    directory: Annotated[Path, typer.Argument(help="Folder with runs below it.")],
    out: Annotated[Path, typer.Option(help="Folder for results.jsonl and summary.md; the same again goes on.")],
    match: Annotated[str | None, typer.Option(help="Pattern of the runs below the folder (*/seed_*, *.log).")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="At most so many runs at a time; default: one a core.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Processes of this machine, or a Ray cluster.")] = Engine.local,
    html: Annotated[bool, typer.Option("--html", help="A report page per run, too, in OUT/reports.")] = False,
    timeout: Annotated[
        float | None, typer.Option(min=1, help="Seconds per run; then its partial report counts.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")] = False,
) -> None:
    """Investigate every run below a folder; failures that are alike stand together."""
    from misrun.batch.groups import groups_of
    from misrun.batch.rows_file import read_rows
    from misrun.batch.runs import find_runs
    from misrun.batch.summary import show, to_markdown
    from misrun.batch.work import Wanted
    from misrun.chat.render import console_for

    if not directory.is_dir():
        fail(f"{directory} is no folder. Give the folder that the runs lie in.")
    root = directory.resolve()
    runs = [str(path.relative_to(root)) for path in find_runs(root, match)]
    if not runs:
        fail(f"no runs below {directory}. Name them with --match (a pattern such as '*/' or '*.log').")
    if out.exists() and not out.is_dir():
        fail(f"{out} is no folder.")
    out.mkdir(parents=True, exist_ok=True)
    wanted = Wanted(root, (out / "reports").resolve() if html else None, timeout)
    with _progress(len(runs), quiet) as tell:
        _work(wanted, runs, out / "results.jsonl", jobs or os.cpu_count() or 1, engine, tell)
    rows = [row for row in read_rows(out / "results.jsonl") if row.run in set(runs)]
    groups = groups_of(rows)
    (out / "summary.md").write_text(to_markdown(groups, str(directory)), encoding="utf-8")
    show(console_for(), groups)
    typer.echo(f"misrun: {len(rows)} runs in {out / 'results.jsonl'}, summary in {out / 'summary.md'}", err=True)


def _work(
    wanted: "Wanted", runs: Sequence[str], results: Path, jobs: int, engine: Engine, tell: "Callable[[BatchRow], None]"
) -> None:
    """Investigates what the results lack; each row is on disk as soon as it is known."""
    from misrun.batch.rows_file import append_row, read_rows
    from misrun.batch.work import investigate_one
    from misrun.evals.engines import each
    from misrun.knowledge.index import open_index

    done = {row.run for row in read_rows(results) if not row.error}
    left = [run for run in runs if run not in done]
    for row in read_rows(results):
        if row.run in done:
            tell(row)
    if left:
        open_index().close()  # built once, before many processes want it
    for _, row in each(investigate_one, wanted, left, jobs, engine, start="spawn"):
        append_row(results, row)
        tell(row)


@contextmanager
def _progress(total: int, quiet: bool) -> "Iterator[Callable[[BatchRow], None]]":
    """A bar on a terminal, a line a run in a pipe or CI log."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("Investigating", total=total)
            yield lambda _: bar.advance(task)
    else:
        yield lambda row: typer.echo(f"misrun: {row.run}: {row.error or row.headline}", err=True)
