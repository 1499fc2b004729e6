"""What all pages have in common."""

from starlette.responses import HTMLResponse

from misrun.report.html.markup import Content, Html, element

_PLACES = (
    ("/", "Investigations"),
    ("/chat", "Chat"),
    ("/compare", "Compare"),
    ("/search", "Knowledge"),
    ("/scenarios", "Scenarios"),
    ("/evaluation", "Evaluation"),
)


def page(
    title: str, *content: Content, at: str = "", scripts: tuple[str, ...] = ("ui.js",), status: int = 200
) -> HTMLResponse:
    """A whole page. `at` is the entry of the menu that it belongs to; `scripts` are names of assets."""
    links = (element("a", name, href=path, aria_current="page" if path == at else None) for path, name in _PLACES)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} · misrun"),
        element("link", rel="icon", href="/assets/icon.svg", type="image/svg+xml"),
        *(
            element("link", rel="stylesheet", href=f"/assets/{name}")
            for name in ("report.css", "uPlot.min.css", "ui.css")
        ),
    )
    body = element(
        "body",
        element("a", "Skip to the content", href="#content", class_="skip"),
        element(
            "header",
            element("nav", element("strong", "misrun", class_="brand"), *links, aria_label="Places"),
            class_="bar",
        ),
        element("main", element("h1", title), *content, id="content"),
        *(element("script", src=f"/assets/{name}") for name in scripts),
        class_="ui",
    )
    return HTMLResponse("<!doctype html>\n" + element("html", head, body, lang="en") + "\n", status_code=status)


def section(title: str, *content: Content, name: str | None = None) -> Html:
    return element("section", element("h2", title), *content, id=name)


def told(text: str) -> Html:
    """What went wrong, in words the user can act on."""
    return element("p", text, class_="alert", role="alert")


def field(label: str, control: Html, hint: str = "") -> Html:
    """A labelled control of a form."""
    below = element("small", hint, class_="dim") if hint else None
    return element("label", element("span", label), control, below, class_="field")


def text_input(name: str, value: str = "", placeholder: str | None = None, *, required: bool = False) -> Html:
    return element("input", name_=name, value=value, placeholder=placeholder, type="text", required=required)
