"""The application: its places, what they share, and how it is served."""

import secrets
import socket
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from misrun.agents.researcher.store import ConversationStore
from misrun.tools.home import misrun_home
from misrun.tools.llm.model import LanguageModel
from misrun.web.catalogue import Catalogue
from misrun.web.guard import HOSTS, Guard
from misrun.web.jobs import Jobs
from misrun.web.pages import chat, comparison, evaluation, investigation, investigations, knowledge, scenarios

# name -> (package, file, media type)
_ASSETS = {
    "report.css": ("misrun.report.html", "report.css", "text/css"),
    "report.js": ("misrun.report.html", "report.js", "text/javascript"),
    "uPlot.min.css": ("misrun.report.html", "vendor/uPlot.min.css", "text/css"),
    "uPlot.iife.min.js": ("misrun.report.html", "vendor/uPlot.iife.min.js", "text/javascript"),
    **{name: ("misrun.web", f"assets/{name}", "text/javascript") for name in ("ui.js", "progress.js", "chat.js")},
    "ui.css": ("misrun.web", "assets/ui.css", "text/css"),
    "icon.svg": ("misrun.web", "assets/icon.svg", "image/svg+xml"),
}

ROUTES = (
    Route("/", investigations.listing),
    Route("/investigations", investigations.start, methods=["POST"]),
    Route("/investigations/{session}", investigation.show),
    Route("/investigations/{session}/events", investigation.progress),
    Route("/investigations/{session}/stop", investigation.stop, methods=["POST"]),
    Route("/investigations/{session}/report", investigation.report_page),
    Route("/investigations/{session}/download/{kind}", investigation.download),
    Route("/chat", chat.listing),
    Route("/chat", chat.begin, methods=["POST"]),
    Route("/chat/{session}", chat.show),
    Route("/chat/{session}/say", chat.say, methods=["POST"]),
    Route("/compare", comparison.show),
    Route("/search", knowledge.show),
    Route("/scenarios", scenarios.listing),
    Route("/scenarios/{scenario}", scenarios.start, methods=["POST"]),
    Route("/evaluation", evaluation.show),
    Route("/evaluation/report", evaluation.report),
)


def build(token: str, port: int, *, model: LanguageModel | None = None, results: Path | None = None) -> ASGIApp:
    """The application behind its guard. `results` is a folder that `misrun eval --out` wrote."""
    application = Starlette(routes=[*ROUTES, Route("/assets/{name}", _asset)])
    application.state.jobs = Jobs()
    application.state.catalogue = Catalogue(misrun_home())
    application.state.conversations = ConversationStore(misrun_home())
    application.state.model, application.state.results = model, results
    return Guard(application, token, port)


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        return PlainTextResponse("no such file\n", status_code=404)
    package, file, media = _ASSETS[name]
    return Response(files(package).joinpath(file).read_bytes(), media_type=media)


def listening(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes a free one. OSError when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOSTS[0], port))
    return listener


def serve(listener: socket.socket, application: ASGIApp) -> None:
    """Serves until interrupted."""
    import uvicorn

    config = uvicorn.Config(application, log_level="warning", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])


def new_token() -> str:
    return secrets.token_urlsafe(24)
