"""The results of an evaluation, as `misrun eval --out DIR` wrote them."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from misrun.report.html.markup import element
from misrun.web.shell import page


async def show(request: Request) -> Response:
    results: Path | None = request.app.state.results
    if results is None or not (results / "report.html").is_file():
        how = element(
            "p",
            "None to show. ",
            element("code", "misrun eval --out results/"),
            " writes them, ",
            element("code", "misrun ui --results results/"),
            " shows them.",
        )
        return page("Evaluation", how, at="/evaluation")
    frame = element("iframe", src="/evaluation/report", title="Results of the evaluation", class_="report")
    return page("Evaluation", element("p", str(results), class_="path dim"), frame, at="/evaluation")


async def report(request: Request) -> Response:
    """The report of the evaluation: its plots are inside it, and it has no script."""
    results: Path | None = request.app.state.results
    if results is None or not (results / "report.html").is_file():
        return PlainTextResponse("no results\n", status_code=404)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    return HTMLResponse(
        (results / "report.html").read_text(encoding="utf-8"), headers={"Content-Security-Policy": policy}
    )
