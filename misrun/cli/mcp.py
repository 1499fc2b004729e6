"""`misrun mcp`: misrun as an MCP server, for coding assistants."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misrun.cli.output import fail
from misrun.tools.code.collector import paused_collector

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from misrun.mcp.service import Service


def mcp_command(
    root: Annotated[
        list[Path] | None,
        typer.Option(help="Folder that may be read; repeat for more. Default: the client's folders, else this one."),
    ] = None,
    allow_run: Annotated[
        bool,
        typer.Option("--allow-run", help="Let `investigate` run the user's code in a sandboxed copy when asked to."),
    ] = False,
    http: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve HTTP on this port of 127.0.0.1 (0: a free one), with a token."),
    ] = None,
) -> None:
    """Serve misrun's tools over MCP: on standard input and output, or over HTTP on this machine."""
    roots = tuple(folder.expanduser().resolve() for folder in root or ())
    for folder in roots:
        if not folder.is_dir():
            fail(f"--root {folder} is no folder. Give a folder that is there.")
    server = _server(roots, allow_run, over_http=http is not None)
    if http is None:
        server.run()
        return
    from misrun.mcp.http import serve

    try:
        serve(server, http)
    except OSError as error:
        fail(f"port {http} cannot be used: {error.strerror}. Choose another, or 0 for a free one.")


def _server(roots: tuple[Path, ...], allow_run: bool, *, over_http: bool) -> "MCPServer[Service]":
    """The server; the SDK makes hundreds of classes, a tenth faster with the collector paused."""
    # Plain lines on standard error, before the SDK sets up boxes and colours that no client shows.
    logging.basicConfig(level=logging.WARNING, format="misrun: %(name)s: %(message)s")
    with paused_collector():
        from misrun.mcp.server import build_server
        from misrun.mcp.service import Options

        # Over HTTP the client is not the one who started the server, so its word on what may be read does not count.
        return build_server(Options(roots=roots, asks_client=not over_http, allow_run=allow_run))
