"""`misrun index`: the user's own papers, wikis and trackers, searched beside what ships."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from misrun.knowledge.documents.remote import Remote
    from misrun.knowledge.embedder import Embedder
    from misrun.knowledge.ingest import Ingestion, Tally
    from misrun.knowledge.own_documents import OwnDocuments, OwnFile

_FAILED_SHOWN = 20


def add_command(
    place: Annotated[
        str, typer.Argument(help="A file, a folder, the address of a page, or an arXiv id (arXiv:2401.00001).")
    ],
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No line per file on standard error.")] = False,
) -> None:
    """Add PDF, Markdown, text, HTML or issues as JSON. Asked for again, it goes on where it stopped."""
    with _ingestion(quiet) as ingestion:
        tally = _add(ingestion, place)
    _print(tally)


def update_command(
    online: Annotated[
        bool, typer.Option("--online", help="Fetch the pages and papers from the web again, too.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No line per file on standard error.")] = False,
) -> None:
    """Read what changed in everything that was added, and let go of files that are gone."""
    with _ingestion(quiet) as ingestion:
        tally = ingestion.update(_remote() if online else None)
    _print(tally)


def stats_command(json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """What was added, and what could not be read."""
    with _collection() as own:
        sources, files = own.sources(), own.files()
    failed = [file for file in files if file.reason]
    if json_output:
        rows = [{"place": place, "kind": kind, **_counts(files, place)} for place, kind in sources]
        unread = [{"path": file.path, "reason": file.reason} for file in failed]
        sys.stdout.write(json.dumps({"sources": rows, "failed": unread}, ensure_ascii=False, indent=2) + "\n")
        return
    for place, kind in sources:
        counts = _counts(files, place)
        typer.echo(
            f"{place} ({kind}): {counts['files']} files, {counts['passages']} passages, {counts['failed']} not read"
        )
    if not sources:
        typer.echo("Nothing was added yet: misrun index add FOLDER")
    _print_failed(failed)


def check_command() -> None:
    """Check the collection, and whether the files are still what was read. Exits with 1 where something is off."""
    from misrun.knowledge.ingest import changed_files

    with _collection() as own:
        problems = own.problems()
        changed = changed_files(own)
    for line in (*problems, *changed):
        typer.echo(line)
    if changed:
        typer.echo("Bring it up to date: misrun index update")
    if problems or changed:
        raise typer.Exit(1)
    typer.echo("All is well.")


def _add(ingestion: "Ingestion", place: str) -> "Tally":
    from misrun.knowledge.documents.remote import arxiv_id

    if place.startswith(("https://", "http://")):
        return ingestion.add_url(place, _remote())
    if Path(place).exists():
        return ingestion.add_path(Path(place))
    if not (identifier := arxiv_id(place)):
        fail(f"{place} does not exist. Give a file, a folder, an address (https://...) or an arXiv id.")
    return ingestion.add_paper(identifier, _remote())


@contextmanager
def _ingestion(quiet: bool) -> "Iterator[Ingestion]":
    from misrun.knowledge.ingest import Ingestion

    def tell(path: str, what: str) -> None:
        if not quiet:
            typer.echo(f"misrun: {path}: {what}", err=True)

    with _collection() as own:
        yield Ingestion(own, _embedder(), tell)


@contextmanager
def _collection() -> "Iterator[OwnDocuments]":
    from misrun.knowledge.own_documents import OwnDamaged, opened
    from misrun.tools.home import misrun_home

    try:
        with opened(misrun_home()) as own:
            yield own
    except OwnDamaged as error:
        fail(str(error))


def _embedder() -> "Embedder | None":
    from misrun.knowledge.embedder import EmbedderMissing, default_embedder

    try:
        return default_embedder()
    except EmbedderMissing as error:
        typer.echo(f"misrun: found by words only: {error}", err=True)
        return None


def _remote() -> "Remote":
    from misrun.knowledge.documents.remote import Remote
    from misrun.knowledge.sources.registry import open_web
    from misrun.tools.home import misrun_home

    return Remote(open_web(misrun_home()))


def _counts(files: "list[OwnFile]", place: str) -> dict[str, int]:
    mine = [file for file in files if file.source == place]
    failed = sum(1 for file in mine if file.reason)
    return {"files": len(mine) - failed, "passages": sum(file.passages for file in mine), "failed": failed}


def _print(tally: "Tally") -> None:
    typer.echo(
        f"{tally.added} files read ({tally.passages} passages), {tally.unchanged} unchanged, {tally.removed} removed, "
        f"{tally.failed} not read" + (" (misrun index stats says why)" if tally.failed else "")
    )


def _print_failed(failed: "list[OwnFile]") -> None:
    for file in failed[:_FAILED_SHOWN]:
        typer.echo(f"not read: {file.path}: {file.reason}")
    if len(failed) > _FAILED_SHOWN:
        typer.echo(f"and {len(failed) - _FAILED_SHOWN} more (--json has all)")
