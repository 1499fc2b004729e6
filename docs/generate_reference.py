"""Reference pages from the program itself: commands, checks, formats, and the schema of the report."""

import json
import sys
from collections.abc import Iterator

from misrun.tools.code.checks.registry import CHECKS
from misrun.tools.readers.registry import readers
from misrun.tools.readers.signatures import SIGNATURE_MEANINGS
from misrun.tools.readers.text_log import line_parsers


def reference_pages() -> dict[str, str]:
    """Path below `reference/` -> Markdown."""
    return {
        "commands.md": "\n".join(_commands()),
        "checks.md": "\n".join(_checks()),
        "formats.md": "\n".join(_formats()),
        "report.md": "\n".join(_schema()),
    }


def _commands() -> Iterator[str]:
    import typer.main

    from misrun.cli.app import app

    yield "# Commands\n\nWritten from the program: the same text as `misrun COMMAND --help`."
    group = typer.main.get_command(app)
    yield from _command(group, ("misrun",))


def _command(command: object, path: tuple[str, ...]) -> Iterator[str]:
    """The help of a command and of those below it."""
    import typer._click as click

    context = click.Context(command, info_name=" ".join(path), max_content_width=100)  # type: ignore[arg-type]
    children: dict[str, object] = getattr(command, "commands", {})
    if len(path) > 1:
        yield f"\n## {' '.join(path)}\n\n```text\n{_plain_help(command, context)}\n```"
    for name, child in children.items():
        yield from _command(child, (*path, name))


def _plain_help(command: object, context: object) -> str:
    """Without the frames that the terminal's help has."""
    command.rich_markup_mode = None  # type: ignore[attr-defined]
    return str(command.get_help(context)).strip()  # type: ignore[attr-defined]


def _checks() -> Iterator[str]:
    yield f"# Code checks\n\n{len(CHECKS)} checks. `# misrun: ignore[id]` on a line silences one there."
    for auditor in sorted({check.auditor for check in CHECKS.values()}):
        yield f"\n## {auditor.replace('_', ' ')}"
        for check in (check for check in CHECKS.values() if check.auditor == auditor):
            yield f"\n### {check.id}\n\n{check.what} *{check.severity}, `{check.mode}`*\n\n{check.why}"
            yield f"\n**Cure:** {check.cure} [Source]({check.source})."


def _formats() -> Iterator[str]:
    yield "# Formats\n\nReaders in the order in which they are asked; each looks at content first and name second.\n"
    yield "| reader | what it takes |\n|---|---|"
    for reader in readers():
        what = (type(reader).__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
        yield f"| {reader.name} | {' '.join(what.split())} |"
    yield from _console_formats()


def _console_formats() -> Iterator[str]:
    """What the text log reader knows: its line parsers in the order in which they are asked, and the wordings."""
    yield "\n## Lines of text logs\n\nA line goes to the first parser of metrics that takes it; the others read every"
    yield "line.\n"
    yield "| parser | what it reads |\n|---|---|"
    for parser in line_parsers():
        module = sys.modules[parser.__module__].__doc__ or ""
        what = " ".join(module.strip().split("\n\n")[0].split())
        yield f"| {parser.__module__.rpartition('.')[2].replace('_', ' ')} | {what} |"
    kinds = len(SIGNATURE_MEANINGS)
    yield f"\n## Events\n\n{kinds} kinds, each matched on the wording that stays stable over versions.\n"
    yield "| event | kind | meaning |\n|---|---|---|"
    for name, (kind, meaning) in SIGNATURE_MEANINGS.items():
        yield f"| `{name}` | {kind} | {meaning} |"


def _schema() -> Iterator[str]:
    from misrun.agents.report import Report

    yield "# The report as JSON\n\nAs `misrun schema` prints it.\n"
    yield f"```json\n{json.dumps(Report.model_json_schema(), indent=2)}\n```"
