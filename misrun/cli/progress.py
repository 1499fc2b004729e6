"""Live progress on standard error: which agent is at work and what each has found."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from misrun.cli.output import say

if TYPE_CHECKING:
    from misrun.agents.graph import Progress
    from misrun.agents.investigation import OnProgress

# What each stage does, in words.
STAGES = {
    "read": "Reading the run",
    "characterize": "Measuring and filling the template",
    "triage": "Weighing hypotheses",
    "literature": "Searching papers and issues",
    "silent_bug": "Silent-bug detector reads the code",
    "data_flow": "Data-flow tracer follows the batch",
    "jax_logic": "JAX-logic auditor reads the code",
    "paper_alignment": "Paper-alignment auditor compares code and paper",
    "weigh": "Weighing what the code says",
    "beyond": "Asking your own documents and live sources",
    "synthesize": "Writing next steps",
    "validate": "Checking every citation",
    "prove": "Carrying steps out in the sandbox",
    "report": "Putting the report together",
}


@contextmanager
def live_progress(quiet: bool) -> Iterator["OnProgress"]:
    """A callback for progress: a spinner per running stage on a terminal, one line per stage in a pipe or CI log."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _spinners() as show:
            yield show
    else:
        yield _line


def _line(item: "Progress") -> None:
    if item.done:
        say(f"misrun: {item.stage}: {item.text}"[:400], err=True)


@contextmanager
def _spinners() -> Iterator["OnProgress"]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    from misrun.tools.visible_text import visible

    columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def show(item: "Progress") -> None:
            words = STAGES.get(item.stage, item.stage)
            if not item.done:
                tasks[item.stage] = bar.add_task(words, total=1)
            elif item.stage in tasks:
                bar.update(tasks[item.stage], description=f"{words}: {escape(visible(item.text)[:100])}", completed=1)

        yield show
