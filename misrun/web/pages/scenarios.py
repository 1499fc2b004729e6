"""The benchmark's scenarios: what is known of each before it is investigated."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from misrun.agents import investigation
from misrun.report.html.markup import Html, element
from misrun.scenarios.library import load_all
from misrun.scenarios.recording import lay_out
from misrun.scenarios.schema import Scenario
from misrun.tools.home import misrun_home
from misrun.web.shell import page, section, told


async def listing(_: Request) -> Response:
    whole, damaged = await run_in_threadpool(load_all)
    head = element(
        "tr", *(element("th", name, scope="col") for name in ("id", "architecture", "optimizer", "recording", ""))
    )
    table = element("table", element("thead", head), element("tbody", *(_row(one) for one in whole)), class_="list")
    notes = (told(f"{one.id} cannot be read: {one.reason}") for one in damaged)
    shown = element("div", table, class_="wide", tabindex="0", role="group", aria_label="Scenarios")
    words = element(
        "p",
        "Small training projects that really fail, and some that do not. What was wrong is not told: investigate one.",
    )
    return page("Scenarios", words, *notes, section(f"{len(whole)} scenarios", shown), at="/scenarios")


async def start(request: Request) -> Response:
    """Investigates a scenario's recorded run, laid out as its owner would have it."""
    whole, _ = await run_in_threadpool(load_all)
    chosen = next((one for one in whole if one.id == request.path_params["scenario"]), None)
    if chosen is None:
        return page("Not found", told("There is no such scenario."), at="/scenarios", status=404)
    folder = await run_in_threadpool(lay_out, chosen, misrun_home() / "scenarios" / chosen.id)
    job = request.app.state.jobs.start(investigation.new_request(folder))
    return RedirectResponse(f"/investigations/{job.request.id}", status_code=303)


def _row(one: Scenario) -> Html:
    run = element(
        "form",
        element("button", "Investigate", type="submit", aria_label=f"Investigate {one.id}"),
        method="post",
        action=f"/scenarios/{one.id}",
    )
    return element(
        "tr",
        *(element("td", cell) for cell in (one.id, one.architecture, one.optimizer, one.recording)),
        element("td", run),
    )
