"""`misrun ui`: misrun in a browser, on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from misrun.cli.output import fail


def ui_command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0: a free one.")] = 0,
    results: Annotated[Path | None, typer.Option(help="Show the evaluation that misrun eval --out wrote here.")] = None,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
    model: Annotated[
        str | None, typer.Option(help="Language model for the chat, NAME or NAME@URL; none is needed.")
    ] = None,
) -> None:
    """Investigations, chat, comparisons and the knowledge in a browser, for this machine alone."""
    import webbrowser

    from misrun.cli.chat import chat_model
    from misrun.web.application import build, listening, new_token, serve

    if results is not None and not (results / "report.html").is_file():
        fail(f"{results} holds no results of an evaluation. Write them with: misrun eval --out {results}")
    try:
        listener = listening(port)
    except OSError as error:
        fail(f"port {port} cannot be used: {error.strerror}. Choose another, or 0 for a free one.")
    with listener:
        taken, token = listener.getsockname()[1], new_token()
        address = f"http://127.0.0.1:{taken}/?token={token}"
        typer.echo(f"misrun: {address}\nmisrun: whoever has this address can read your runs; Ctrl-C ends it", err=True)
        application = build(token, taken, model=chat_model(model), results=results)
        if open_browser:
            webbrowser.open(address)
        serve(listener, application)
