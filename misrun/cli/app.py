"""The command line: one file per command, heavy imports inside the commands."""

import sys

import typer

from misrun.cli.demo import demo_command
from misrun.cli.eval import eval_command
from misrun.cli.inspect import inspect_command
from misrun.cli.investigate import investigate_command
from misrun.cli.scenarios import list_command, run_command, show_command
from misrun.cli.scenarios_record import record_command
from misrun.cli.scenarios_verify import verify_command
from misrun.cli.schema import schema_command
from misrun.cli.search import search_command

app = typer.Typer(
    name="misrun",
    help="Finds out why an ML training run failed: what happened, why, what is known about it, which line, what to do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
scenarios = typer.Typer(help="The benchmark: runnable failing and healthy training scripts.", no_args_is_help=True)

app.command("investigate")(investigate_command)
app.command("demo")(demo_command)
app.command("inspect")(inspect_command)
app.command("search")(search_command)
app.command("eval")(eval_command)
app.command("schema")(schema_command)
app.add_typer(scenarios, name="scenarios")
scenarios.command("list")(list_command)
scenarios.command("show")(show_command)
scenarios.command("run")(run_command)
scenarios.command("record")(record_command)
scenarios.command("verify")(verify_command)


def run() -> None:
    """Entry point. A reader that closed the pipe (`misrun ... | head`) ends the program quietly."""
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
