"""The knowledge, searched by level."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from misrun.report.html.markup import Html, element
from misrun.web.shell import page, section, text_input

_LEVELS = {
    "all": "all levels",
    "1": "1 the exact words",
    "2": "2 technique and failure",
    "3": "3 the phenomenon elsewhere",
    "4": "4 other fields",
}
_MOST = 20
# A question, not a log: logs are investigated.
_MOST_LETTERS = 2_000


async def show(request: Request) -> Response:
    query, level = request.query_params.get("q", "")[:_MOST_LETTERS].strip(), request.query_params.get("level", "all")
    level = level if level in _LEVELS else "all"
    found = await run_in_threadpool(_found, query, level) if query else None
    return page("Knowledge", _form(query, level), found, at="/search")


def _form(query: str, level: str) -> Html:
    choices = (element("option", words, value=name, selected=name == level) for name, words in _LEVELS.items())
    box = text_input("q", query, "loss becomes nan with fp16", required=True)
    return element(
        "form",
        box,
        element("select", *choices, name_="level", aria_label="Level"),
        element("button", "Search", type="submit"),
        method="get",
        action="/search",
        class_="narrow",
        role="search",
    )


def _found(query: str, level: str) -> Html:
    from misrun.knowledge.index import open_index
    from misrun.knowledge.levels import LEVELS, search_text
    from misrun.knowledge.ontology import load_ontology

    index = open_index()
    asked = [number for number in LEVELS if level in ("all", str(number))]
    try:
        hits = search_text(index, query, asked, load_ontology(), _MOST)
    finally:
        index.close()
    if not hits:
        return section("Found", element("p", "Nothing found.", class_="dim"))
    entries = [(at, hit, index.corpus.by_id[hit.id]) for at, hit in hits]
    rows = (
        element(
            "article",
            element("h3", element("a", entry.title, href=entry.url, rel="noreferrer", target="_blank")),
            element(
                "p", f"level {at}, score {hit.score:.2f}, {entry.kind} of {entry.year}, {entry.strength}", class_="dim"
            ),
            element("p", element("strong", "Cause: "), entry.cause),
            element("p", element("strong", "Fix: "), entry.fix),
        )
        for at, hit, entry in entries
    )
    return section(f"Found {len(hits)} of {len(index.corpus.entries)} entries", *rows)
