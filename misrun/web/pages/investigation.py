"""One investigation: its progress while it is at work, then its report."""

import asyncio
import re
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from misrun.agents.graph import Progress
from misrun.agents.investigation import load_report
from misrun.agents.report import Report
from misrun.agents.request import InvestigationError
from misrun.agents.verdict_words import headline
from misrun.cli.progress import STAGES
from misrun.report.html.markup import Html, element
from misrun.web.events import POLL_SECONDS, event, stream
from misrun.web.jobs import Job
from misrun.web.shell import page, section, told

_ID = re.compile(r"[0-9a-f]{8}")


async def show(request: Request) -> Response:
    session = request.path_params["session"]
    job = request.app.state.jobs.find(session)
    if job is not None and not job.done:
        return _at_work(job)
    if job is not None and job.failed:
        return page(
            "Investigation", told(job.failed), element("p", element("a", "Try again", href="/")), at="/", status=422
        )
    report = await _stored(session)
    return _missing(session) if report is None else _finished(report)


async def progress(request: Request) -> Response:
    """The stages as they begin and end, from the first on; then one `done`."""
    job = request.app.state.jobs.find(request.path_params["session"])
    return (
        PlainTextResponse("no such investigation is at work\n", status_code=404) if job is None else stream(_told(job))
    )


async def stop(request: Request) -> Response:
    job = request.app.state.jobs.find(request.path_params["session"])
    if job is not None:
        job.stop()
    return RedirectResponse(f"/investigations/{request.path_params['session']}", status_code=303)


async def report_page(request: Request) -> Response:
    """The report as the file that `--html` writes; it names its styles and scripts by digest in a policy of its own."""
    from misrun.report.html.document import to_html

    report = await _stored(request.path_params["session"])
    if report is None:
        return _missing(request.path_params["session"])
    written = await run_in_threadpool(to_html, report)
    return HTMLResponse(written, headers={"Content-Security-Policy": "frame-ancestors 'self'"})


async def download(request: Request) -> Response:
    """The report as Markdown, JSON or one HTML file to keep."""
    from misrun.report.html.document import to_html
    from misrun.report.markdown import to_markdown

    report = await _stored(request.path_params["session"])
    if report is None:
        return _missing(request.path_params["session"])
    kind = request.path_params["kind"]
    writers = {
        "md": (to_markdown, "text/markdown"),
        "json": (lambda r: r.model_dump_json(by_alias=True, indent=2), "application/json"),
        "html": (to_html, "text/html"),
    }
    if kind not in writers:
        return PlainTextResponse("md, json or html\n", status_code=404)
    write, media = writers[kind]
    name = f'attachment; filename="misrun-{report.id}.{kind}"'
    return Response(await run_in_threadpool(write, report), media_type=media, headers={"Content-Disposition": name})


async def _stored(session: str) -> Report | None:
    if not _ID.fullmatch(session):
        return None
    try:
        return await run_in_threadpool(load_report, session)
    except (InvestigationError, ValueError):  # none, or one of another version
        return None


def _missing(session: str) -> HTMLResponse:
    known = element("p", "The list has all that are kept: ", element("a", "investigations", href="/"))
    return page("Not found", told(f"There is no investigation {session[:20]}."), known, status=404)


def _at_work(job: Job) -> HTMLResponse:
    stages = (element("li", words, data_stage=name, class_="waiting") for name, words in STAGES.items())
    halt = element(
        "form",
        element("button", "Stop, and show what is known", type="submit"),
        method="post",
        action=f"/investigations/{job.request.id}/stop",
    )
    live = element(
        "ol",
        *stages,
        class_="stages",
        id="stages",
        data_events=f"/investigations/{job.request.id}/events",
        aria_live="polite",
    )
    return page(
        "At work",
        element("p", job.request.path, class_="path"),
        section("Agents", live, halt),
        at="/",
        scripts=("ui.js", "progress.js"),
    )


async def _told(job: Job) -> AsyncIterator[str]:
    said = 0
    while True:
        done = job.done
        for item in job.said[said:]:
            yield event("stage", _stage(item))
            said += 1
        if done:
            yield event("done", {"failed": job.failed})
            return
        await asyncio.sleep(POLL_SECONDS)


def _stage(item: Progress) -> dict[str, object]:
    return {"stage": item.stage, "text": item.text, "done": item.done}


def _finished(report: Report) -> HTMLResponse:
    base = f"/investigations/{report.id}"
    links = [
        _button("Talk about it", "/chat", report.id),
        element("a", "Compare with another run", href=f"/compare?run={report.id}"),
        *(element("a", f"Keep as {kind}", href=f"{base}/download/{kind}") for kind in ("html", "md", "json")),
        element("a", "Full page", href=f"{base}/report"),
    ]
    frame = element("iframe", src=f"{base}/report", title=f"Report {report.id}", class_="report")
    return page(
        headline(report),
        element("p", report.path, class_="path dim"),
        element("div", *links, class_="tools"),
        frame,
        at="/",
    )


def _button(label: str, action: str, report: str) -> Html:
    hidden = element("input", type="hidden", name_="about", value=report)
    return element("form", hidden, element("button", label, type="submit"), method="post", action=action)
