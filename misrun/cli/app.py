"""The command line: one file per command, heavy imports inside the commands."""

import sys

import typer

from misrun.cli.agents import agents
from misrun.cli.arena import arena
from misrun.cli.batch import batch_command
from misrun.cli.chat import chat_command
from misrun.cli.demo import demo_command
from misrun.cli.eval import eval_command
from misrun.cli.eval_retrieval import retrieval_command
from misrun.cli.flow import flow_command
from misrun.cli.index import add_command, check_command, stats_command, update_command
from misrun.cli.inspect import inspect_command
from misrun.cli.investigate import investigate_command
from misrun.cli.mcp import mcp_command
from misrun.cli.scenarios import list_command, run_command, show_command
from misrun.cli.scenarios_record import record_command
from misrun.cli.scenarios_verify import verify_command
from misrun.cli.schema import schema_command
from misrun.cli.search import search_command
from misrun.cli.ui import ui_command
from misrun.cli.watch import watch_command

app = typer.Typer(
    name="misrun",
    help="Finds out why an ML training run failed: what happened, why, what is known about it, which line, what to do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
evaluation = typer.Typer(invoke_without_command=True)
index = typer.Typer(help="Your own papers, wikis and trackers, searched beside what ships.", no_args_is_help=True)
scenarios = typer.Typer(help="The benchmark: runnable failing and healthy training scripts.", no_args_is_help=True)

app.command("investigate")(investigate_command)
app.command("chat")(chat_command)
app.command("demo")(demo_command)
app.command("inspect")(inspect_command)
app.command("flow")(flow_command)
app.command("search")(search_command)
app.command("schema")(schema_command)
app.command("watch")(watch_command)
app.command("batch")(batch_command)
app.command("ui")(ui_command)
app.command("mcp")(mcp_command)
app.add_typer(evaluation, name="eval")
app.add_typer(index, name="index")
app.add_typer(scenarios, name="scenarios")
app.add_typer(arena, name="arena")
app.add_typer(agents, name="agents")
evaluation.callback()(eval_command)
evaluation.command("retrieval")(retrieval_command)
index.command("add")(add_command)
index.command("update")(update_command)
index.command("stats")(stats_command)
index.command("check")(check_command)
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
