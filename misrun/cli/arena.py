"""`misrun arena tasks | show | solve | grade | serve`: debugging tasks with a grader of their own."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail

if TYPE_CHECKING:
    from misrun.evals.arena import Row
    from misrun.scenarios.arena.task import Task

arena = typer.Typer(
    help="The arena: debug a training script in ten turns; graded by what it does.", no_args_is_help=True
)

TaskId = Annotated[str, typer.Argument(help="A task, such as task1.")]
Variant = Annotated[
    int, typer.Option("--variant", min=0, help="Which sizes, names and data: 0 to 4, or any further number.")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@arena.command("tasks")
def tasks_command(json_output: Json = False) -> None:
    """List the tasks."""
    from misrun.scenarios.arena.catalogue import TASKS, VARIANTS

    rows = [
        {"id": t.id, "name": t.name, "difficulty": t.difficulty, "bugs": len(t.bugs), "variants": VARIANTS}
        for t in TASKS.values()
    ]
    if json_output:
        _write(rows)
        return
    for row in rows:
        typer.echo(
            f"{row['id']}  {row['name']:<24} {row['difficulty']:<8} {row['bugs']} bugs, {row['variants']} variants"
        )


@arena.command("show")
def show_command(task_id: TaskId, variant: Variant = 0) -> None:
    """Show a task as a solver sees it: what is expected on standard error, the script on standard output."""
    shown = _task(task_id).shown(variant)
    typer.echo(shown.description, err=True)
    sys.stdout.write(shown.script)


@arena.command("grade")
def grade_command(
    task_id: TaskId,
    script: Annotated[Path, typer.Argument(help="The mended train.py.")],
    variant: Variant = 0,
    explanation: Annotated[str, typer.Option("--explanation", help="What was wrong, in words.")] = "",
    json_output: Json = False,
) -> None:
    """Grade a mended script."""
    from misrun.scenarios.arena.grader import grade
    from misrun.scenarios.arena.naming import Claimed

    task = _task(task_id)
    _ready()
    try:
        code = script.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{script} cannot be read ({error}). Give the mended script.")
    found = grade(task, variant, code, Claimed(explanation=explanation))
    if json_output:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
        return
    typer.echo(f"reward {found.reward:.2f}   explanation {found.named.explanation:.2f}")
    for bug in task.bugs:
        typer.echo(f"{'mended' if found.fixed[bug.id] else 'still there':<12} {bug.what}")


@arena.command("solve")
def solve_command(
    chosen: Annotated[list[str] | None, typer.Argument(help="Tasks; all of them when none is named.")] = None,
    variants: Annotated[str, typer.Option("--variants", help="Numbers of variants, such as 0,1,7.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Keep transcripts and rows in this folder.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Episodes at a time; each keeps about one core busy.")] = 2,
    json_output: Json = False,
) -> None:
    """Let misrun play: no language model, only its own checks, the tools and the sandbox."""
    from misrun.evals.arena import play, table
    from misrun.scenarios.arena.catalogue import TASKS, VARIANTS

    tasks = [_task(task_id).id for task_id in chosen or TASKS]
    numbers = _numbers(variants) if variants else list(range(VARIANTS))
    _ready()
    rows: list[Row] = []
    for row in play(tasks, numbers, out, time.monotonic, jobs):
        typer.echo(f"{row.task} variant {row.variant}: reward {row.reward:.2f}, {row.named}/{row.planted} bugs named, "
                   f"{row.turns} turns, {row.seconds} s", err=True)  # fmt: skip
        rows.append(row)
    if json_output:
        _write([row.model_dump() for row in rows])
    else:
        typer.echo(table(rows))


@arena.command("serve")
def serve_command(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 7860,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep a transcript of every episode in this folder.")
    ] = None,
) -> None:
    """Serve the arena over HTTP and WebSocket, for this machine alone unless --host says otherwise."""
    _ready()
    try:
        import uvicorn
    except ImportError:
        fail('serving needs uvicorn: pip install "misrun[arena]"')
    from misrun.scenarios.arena.episode import Arena
    from misrun.scenarios.arena.server import MOST_BYTES, Application

    typer.echo(f"misrun: the arena is at http://{host}:{port}", err=True)
    uvicorn.run(Application(Arena(out)), host=host, port=port, log_level="warning", ws_max_size=MOST_BYTES)


def _task(task_id: str) -> "Task":
    from misrun.scenarios.arena.catalogue import UnknownTask, task

    try:
        return task(task_id)
    except UnknownTask as error:
        fail(f"{error}. `misrun arena tasks` lists them.")


def _numbers(text: str) -> list[int]:
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        found = [-1]
    if any(number < 0 for number in found):
        fail(f"--variants {text} is not a list of numbers. Give, for instance, --variants 0,1,2.")
    return found


def _ready() -> None:
    """Stops where submissions cannot be run confined, or cannot be judged."""
    from importlib.util import find_spec

    from misrun.tools.sandbox.sandbox import unavailable

    if (missing := unavailable()) is not None:
        fail(f"{missing}. The arena runs no submission unconfined.")
    if find_spec("torch") is None:
        fail('the arena needs PyTorch: pip install "misrun[torch]"')


def _write(rows: object) -> None:
    json.dump(rows, sys.stdout, indent=2)
    sys.stdout.write("\n")
