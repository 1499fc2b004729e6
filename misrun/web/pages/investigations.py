"""The list of investigations, and the form that starts one."""

from pathlib import Path
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from misrun.agents import investigation
from misrun.agents.request import InvestigationError
from misrun.agents.request import Request as RunRequest
from misrun.agents.verdict_words import mode_name, share
from misrun.report.html.markup import Html, element
from misrun.web.catalogue import Catalogue, Row
from misrun.web.guard import MOST_BYTES
from misrun.web.jobs import Job
from misrun.web.shell import field, page, section, text_input, told

_ROWS = 25


async def listing(request: Request) -> Response:
    """`q` narrows the list, `page` counts from 1."""
    return await _listed(request)


async def start(request: Request) -> Response:
    """Starts an investigation of a path, of pasted text, or of one uploaded file."""
    form = await request.form(max_files=1, max_fields=20, max_part_size=MOST_BYTES)
    try:
        job = request.app.state.jobs.start(await _request_of(form))
    except InvestigationError as error:
        return await _listed(request, str(error), status=422)
    return RedirectResponse(f"/investigations/{job.request.id}", status_code=303)


async def _request_of(form: FormData) -> RunRequest:
    pasted, file, path = str(form.get("text") or "").strip(), form.get("file"), str(form.get("path") or "").strip()
    tried = tuple(line.strip() for line in str(form.get("tried") or "").splitlines() if line.strip())
    baseline = _existing(str(form.get("baseline") or "").strip())
    if isinstance(file, UploadFile) and file.filename:
        pasted = (await file.read()).decode("utf-8", "replace")
    if bool(pasted) == bool(path):
        raise InvestigationError("Give one of the three: a path, a file, or pasted text.")
    return investigation.new_request(_existing(path), text=pasted or None, baseline=baseline, tried=tried)


def _existing(path: str) -> Path | None:
    if not path:
        return None
    found = Path(path).expanduser()
    if not found.exists():
        raise InvestigationError(f"There is nothing at {path} on this machine.")
    return found


async def _listed(request: Request, problem: str = "", status: int = 200) -> Response:
    wanted = request.query_params.get("q", "")
    at = max(1, int(request.query_params["page"])) if request.query_params.get("page", "").isdigit() else 1
    catalogue: Catalogue = request.app.state.catalogue
    rows, count = await run_in_threadpool(catalogue.rows, _ROWS, (at - 1) * _ROWS, wanted)
    return page(
        "Investigations",
        told(problem) if problem else None,
        section("Start one", _form()),
        _running(list(request.app.state.jobs.running())),
        section("Stored", _search(wanted), _table(rows, wanted), _pages(at, count, wanted), name="stored"),
        at="/",
        status=status,
    )


def _form() -> Html:
    return element(
        "form",
        field(
            "Folder or file of the run",
            text_input("path", placeholder="/data/runs/exp42"),
            "On this machine; nothing is copied.",
        ),
        field("or a log file", element("input", type="file", name_="file")),
        field("or a piece of the log", element("textarea", name_="text", rows="6", spellcheck="false")),
        field(
            "Tried already",
            element("textarea", name_="tried", rows="2"),
            "One attempt a line: lowered lr to 1e-4, no change",
        ),
        field("A run that worked", text_input("baseline", placeholder="/data/runs/exp41")),
        element("button", "Investigate", type="submit"),
        method="post",
        action="/investigations",
        enctype="multipart/form-data",
        class_="start",
    )


def _running(jobs: list[Job]) -> Html | None:
    if not jobs:
        return None
    rows = (element("li", element("a", job.request.path, href=f"/investigations/{job.request.id}")) for job in jobs)
    return section("At work", element("ul", *rows))


def _search(wanted: str) -> Html:
    box = element(
        "input",
        type="search",
        name_="q",
        value=wanted,
        aria_label="Narrow the list",
        placeholder="path, id or failure mode",
    )
    return element(
        "form",
        box,
        element("button", "Narrow", type="submit"),
        method="get",
        action="/",
        class_="narrow",
        role="search",
    )


def _table(rows: list[Row], wanted: str) -> Html:
    if not rows:
        return element("p", "None holds that." if wanted else "None yet.", class_="dim")
    head = element(
        "tr", *(element("th", name, scope="col") for name in ("run", "verdict", "likelihood", "when (UTC)", "compare"))
    )
    body = element("tbody", *(_row(row) for row in rows))
    compared = element("button", "Compare the two chosen", type="submit")
    table = element("table", element("thead", head), body, class_="list")
    return element(
        "form",
        element("div", table, class_="wide", tabindex="0", role="group", aria_label="Stored investigations"),
        compared,
        method="get",
        action="/compare",
    )


def _row(row: Row) -> Html:
    name = Path(row.path).name or row.path
    verdict = "undetermined" if row.abstained else mode_name(row.mode)
    look = "open" if row.abstained else "healthy" if row.category == "healthy" else "failing"
    choose = element("input", type="checkbox", name_="run", value=row.id, aria_label=f"Choose {name} of {row.created}")
    return element(
        "tr",
        element(
            "td", element("a", name, href=f"/investigations/{row.id}"), element("small", row.path, class_="dim path")
        ),
        element("td", element("span", verdict, class_=f"tag {look}"), None if row.complete else " (partial)"),
        element("td", "" if row.abstained else share(row.likelihood), class_="figure"),
        element("td", row.created[:16].replace("T", " "), class_="figure"),
        element("td", choose),
    )


def _pages(at: int, count: int, wanted: str) -> Html | None:
    last = -(-count // _ROWS)
    if last <= 1:
        return None

    def link(label: str, to: int) -> Html | None:
        there = urlencode({"q": wanted, "page": to})
        return element("a", label, href=f"/?{there}#stored") if 1 <= to <= last and to != at else None

    return element(
        "p",
        link("newer", at - 1),
        f" page {at} of {last} ({count} investigations) ",
        link("older", at + 1),
        class_="pages",
    )
